/// How long to wait before the next attempt: exponential with full jitter, so that a thousand clients of a
/// restarted server do not come back at the same instant.
package struct Backoff: Sendable {
    private static let firstMilliseconds = 100
    private static let largestMilliseconds = 5000
    private var attempts = 0

    /// Before the first attempt.
    package init() {}

    /// The next pause: evenly between nothing and 100 ms, 200 ms, 400 ms … 5 s.
    package mutating func next() -> Duration {
        var random = SystemRandomNumberGenerator()
        return next(using: &random)
    }

    mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(Self.largestMilliseconds, Self.firstMilliseconds << min(attempts, 10))
        attempts += 1
        return .milliseconds(Int.random(in: 0...ceiling, using: &random))
    }

    /// It works again.
    package mutating func reset() { attempts = 0 }
}
