import Dispatch

/// Waits that ignore cancellation: ending servers must go on in a task that was cancelled.
enum Waiting {
    /// Looks until `condition` holds; false when `limit` has passed without it.
    static func until(
        within limit: Duration, every pause: Duration = .milliseconds(5), _ condition: () async throws -> Bool
    ) async rethrows -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            if try await condition() { return true }
            if ContinuousClock.now >= deadline { return false }
            await rest(pause)
        }
    }

    /// Runs a blocking call on a thread of its own, so that none of the few async threads waits in it.
    static func offAsyncThreads<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
        }
    }

    private static func rest(_ pause: Duration) async {
        let nanoseconds =
            Int(pause.components.seconds * 1_000_000_000)
            + Int(pause.components.attoseconds / 1_000_000_000)
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
                continuation.resume()
            }
        }
    }
}
