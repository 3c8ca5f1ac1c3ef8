import Dispatch

extension OneShot {
    /// The value, waiting on the thread; `nil` when the time is over.
    func blockingValue(timeout: Duration) -> Value? {
        let semaphore = DispatchSemaphore(value: 0)
        listen { semaphore.signal() }
        let nanoseconds = Int(clamping: timeout.clampedNanoseconds)
        _ = semaphore.wait(timeout: .now() + .nanoseconds(nanoseconds))
        return current
    }

    /// The value, waiting on the thread for as long as it takes.
    func blockingValue() -> Value {
        let semaphore = DispatchSemaphore(value: 0)
        listen { semaphore.signal() }
        while true {
            semaphore.wait()
            if let current { return current }
        }
    }
}
