/// A quota: so many requests at once, which come back evenly over so many seconds.
public struct RateLimit: Sendable, Hashable, CustomStringConvertible {
    /// How many requests may come at once.
    public let requests: Int
    /// In how many seconds an empty bucket is full again.
    public let seconds: Int

    /// What ``requests`` may be.
    public static let requestsRange = 1...1_000_000
    /// What ``seconds`` may be: up to a day.
    public static let secondsRange = 1...86_400
    /// One sentence that says how one is written.
    public static let form =
        "REQUESTS/SECONDS, such as 100/10, from \(requestsRange.lowerBound) to \(requestsRange.upperBound) requests in"
        + " \(secondsRange.lowerBound) to \(secondsRange.upperBound) seconds"

    /// A quota, or nil when a number is out of its range.
    public init?(requests: Int, seconds: Int) {
        guard Self.requestsRange.contains(requests), Self.secondsRange.contains(seconds) else { return nil }
        self.requests = requests
        self.seconds = seconds
    }

    /// Reads what ``form`` says; `100` alone is `100/1`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let requests = Int(parts[0]) else { return nil }
        guard let seconds = parts.count == 2 ? Int(parts[1]) : 1 else { return nil }
        self.init(requests: requests, seconds: seconds)
    }

    public var description: String { "\(requests)/\(seconds)" }

    // MARK: The bucket

    // A bucket is one number, the moment at which it is full again (the generic cell rate algorithm): each request
    // moves it on by `interval`, and it may lie at most `depth` ahead. One that lies behind us is full, as is none.

    /// Nanoseconds in which one request comes back.
    private var interval: UInt64 { max(1, UInt64(seconds) * 1_000_000_000 / UInt64(requests)) }
    /// Nanoseconds in which all of them do.
    var depth: UInt64 { interval * UInt64(requests) }

    /// What became of a request for a place in a bucket.
    struct Taken: Equatable {
        /// Whether there was one.
        var isGranted: Bool
        /// How many requests may follow at once.
        var left: Int
        /// Nanoseconds until all of them may.
        var fullIn: UInt64
        /// Nanoseconds until the same would be granted; 0 when it was.
        var waitFor: UInt64
    }

    /// Takes so many at `now`, or none; `fullAt` is the bucket.
    func take(_ count: Int, from fullAt: inout UInt64, now: UInt64) -> Taken {
        let before = max(fullAt, now) - now
        let after = before + interval * UInt64(count)
        guard after <= depth else {
            let left = Int((depth - min(depth, before)) / interval)
            return Taken(isGranted: false, left: left, fullIn: before, waitFor: after - depth)
        }
        fullAt = now + after
        return Taken(isGranted: true, left: Int((depth - after) / interval), fullIn: after, waitFor: 0)
    }
}
