/// Sends the same call again while the failure may pass: with the same key that is safe, and it takes effect once.
struct Retrying: Sendable {
    /// How long it is tried.
    var patience = Duration.seconds(60)
    /// The longest pause between two tries.
    var longestPause = Duration.seconds(1)

    /// Counts the calls that were sent again.
    var counter = Counter()

    /// The answer, or the first error that will not pass, or the last one when the patience has ended.
    func call<Answer: Sendable>(
        _ send: () async throws(WeirClientError) -> Answer
    ) async throws(WeirClientError) -> Answer {
        let deadline = ContinuousClock.now + patience
        var pause = Duration.milliseconds(20)
        while true {
            do throws(WeirClientError) {
                return try await send()
            } catch {
                guard error.isPassing, .now + pause < deadline, !Task.isCancelled else { throw error }
                // Clients that were refused together must not come back together.
                try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
                if Task.isCancelled { throw .cancelled }
                pause = min(pause * 2, longestPause)
                _ = counter.next()
            }
        }
    }
}
