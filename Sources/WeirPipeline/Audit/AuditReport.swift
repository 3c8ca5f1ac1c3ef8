/// What an audit found about one promise.
public struct AuditLine: Sendable, Hashable {
    /// The promise's number.
    public let promise: Int
    /// The promise in a few words.
    public let title: String
    /// How many things were looked at.
    public var checked = 0
    /// How many of them break the promise.
    public var broken = 0
    /// The first few of them, one sentence each.
    public var examples: [String] = []
    /// How many things are still on their way to what is promised; they are not broken.
    public var underWay = 0
    /// How many examples are kept.
    public static let exampleLimit = 5

    /// A promise of which nothing was looked at.
    public init(promise: Int, title: String) {
        self.promise = promise
        self.title = title
    }

    /// Whether the promise holds.
    public var holds: Bool { broken == 0 }

    /// Counts one thing; `problem` says what is wrong with it, nil that nothing is.
    public mutating func note(_ problem: @autoclosure () -> String?) {
        checked += 1
        guard let problem = problem() else { return }
        broken += 1
        if examples.count < Self.exampleLimit { examples.append(problem) }
    }
}

/// What an audit found: one line a promise.
public struct AuditReport: Sendable, Hashable {
    /// Promise 1: never oversold.
    public var stock = AuditLine(promise: 1, title: "never oversold")
    /// Promise 3: a token is decided once.
    public var once = AuditLine(promise: 3, title: "once")
    /// Promise 5, its numbering: no gap.
    public var numbering = AuditLine(promise: 5, title: "no gap")
    /// Promise 6: the log is the truth.
    public var log = AuditLine(promise: 6, title: "the log is the truth")

    /// Promise 8: an order is all or nothing.
    public var orders = AuditLine(promise: 8, title: "all or nothing")

    /// A report of nothing.
    public init() {}

    /// The lines in order of the promises.
    public var lines: [AuditLine] { [stock, once, numbering, log, orders] }
    /// Whether every promise holds.
    public var holds: Bool { lines.allSatisfy(\.holds) }
}
