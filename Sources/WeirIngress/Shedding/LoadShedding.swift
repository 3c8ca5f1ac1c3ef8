import NIOCore
import Synchronization
import WeirProducer

/// Watches how late the event loop is, and refuses by it; see ``LoadShedder``.
final class LoadShedding: Sendable {
    /// How often the loop looks at the clock.
    private static let pause = TimeAmount.milliseconds(10)

    private struct State: Sendable {
        var shedder: LoadShedder
        var lastLook: UInt64?
    }

    private let state: Mutex<State>

    /// - Parameter target: how long the way to the broker may take, in nanoseconds.
    init(target: UInt64) { state = Mutex(State(shedder: LoadShedder(target: target))) }

    /// Begins to look at the clock, for as long as the loop runs.
    func watch(_ executor: EventLoopExecutor) {
        executor.group.next().scheduleRepeatedTask(initialDelay: Self.pause, delay: Self.pause) {
            [weak self, weak executor] task in
            guard let self, let executor else { return task.cancel() }
            look(executor)
        }
    }

    private func look(_ executor: EventLoopExecutor) {
        let now = monotonicNanoseconds()
        let wait = executor.wait(now: now)
        let last = state.withLock { $0.lastLook } ?? now
        let late = max(0, (now > last ? Int64(now - last) : 0) - Self.pause.nanoseconds)
        look(now: now, late: UInt64(late) + wait)
    }

    /// The loop is late by so many nanoseconds at `now`.
    func look(now: UInt64, late: UInt64) {
        state.withLock { state in
            state.shedder.look(now: now, late: late)
            state.lastLook = now
        }
    }

    /// Lets no fewer in than so many a second.
    func setFewest(_ fewest: Double) { state.withLock { $0.shedder.fewest = fewest } }

    /// Whether anybody might be refused.
    var isShedding: Bool { state.withLock { $0.shedder.isShedding } }

    /// Whether one who comes to the door now is let through.
    func admits() -> Bool {
        state.withLock { $0.shedder.admits(now: $0.lastLook ?? 0) }
    }

    /// Whether some are let in together now, whichever way they came.
    func enters(_ count: Int = 1) -> Bool {
        state.withLock { $0.shedder.enters(count, now: $0.lastLook ?? 0) }
    }

    /// One of those who came in was served.
    func countServed() { state.withLock { $0.shedder.countServed() } }
}
