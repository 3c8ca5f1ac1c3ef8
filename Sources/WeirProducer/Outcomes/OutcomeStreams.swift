import Synchronization

/// Those who want to hear of every outcome.
final class OutcomeStreams: Sendable {
    private struct State {
        var last = 0
        var streams: [Int: AsyncStream<Outcome>.Continuation] = [:]
        var isFinished = false
    }

    private let state = Mutex(State())

    /// A stream of what comes from now on; of more than `limit` that wait the oldest are dropped.
    func open(_ limit: Int) -> AsyncStream<Outcome> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Outcome.self, bufferingPolicy: .bufferingNewest(limit))
        let id: Int? = state.withLock { state in
            guard !state.isFinished else { return nil }
            state.last += 1
            state.streams[state.last] = continuation
            return state.last
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.streams.removeValue(forKey: id) }
        }
        return stream
    }

    func yield(_ outcome: @autoclosure () -> Outcome?) {
        let streams = state.withLock { Array($0.streams.values) }
        guard !streams.isEmpty, let outcome = outcome() else { return }
        for stream in streams { stream.yield(outcome) }
    }

    func finish() {
        let streams = state.withLock { state in
            state.isFinished = true
            return Array(state.streams.values)
        }
        for stream in streams { stream.finish() }
    }
}
