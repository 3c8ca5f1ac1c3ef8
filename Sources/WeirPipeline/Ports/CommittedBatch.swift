import WeirCore

/// What was in a batch that was committed, for whoever counts.
public struct CommittedBatch: Sendable {
    /// Commands that were decided.
    public var commands: Int
    /// Holds that came due.
    public var expired: Int
    /// Messages that became dead letters.
    public var deadLetters: Int
    /// Events that were written.
    public var events: Int
    /// How long the transaction took that wrote it.
    public var commitTime: Duration
    /// Intents that were decided for the first time, by the state they came into.
    public var decided: StateCounts
    /// Known intents that came into another state, by that state.
    public var changed: StateCounts
    /// Intents that were rejected, by the reason.
    public var rejected: ReasonCounts

    init(_ decision: Decision, commands: Int, expired: Int, deadLetters: Int, commitTime: Duration) {
        self.commands = commands
        self.expired = expired
        self.deadLetters = deadLetters
        events = decision.events.count
        self.commitTime = commitTime
        (decided, changed, rejected) = (StateCounts(), StateCounts(), ReasonCounts())
        for intent in decision.decided {
            decided.count(intent.state)
            if let reason = intent.reason { rejected.count(reason) }
        }
        for transition in decision.changed where transition.after.state != transition.stateBefore {
            changed.count(transition.after.state)
        }
    }
}

/// Numbers of intents by their state.
public typealias StateCounts = CaseCounts<IntentState>
/// Numbers of intents by the reason of their rejection.
public typealias ReasonCounts = CaseCounts<RejectionReason>

/// A case of an enumeration that has a place among all.
public protocol CountedCase: CaseIterable, Sendable {
    /// Its index in `allCases`.
    var place: Int { get }
}

/// How often each case of an enumeration occurred.
public struct CaseCounts<Case: CountedCase>: Sendable {
    private var counts = Array(repeating: 0, count: Case.allCases.count)

    /// Nothing occurred.
    public init() {}

    /// Counts one.
    public mutating func count(_ one: Case) { counts[one.place] += 1 }

    /// The number of each case, in the order of `allCases`.
    public var inOrder: [Int] { counts }
}

extension IntentState: CountedCase {
    public var place: Int {
        switch self {
        case .reserved: 0
        case .confirmed: 1
        case .cancelled: 2
        case .expired: 3
        case .rejected: 4
        case .waitlisted: 5
        case .backordered: 6
        }
    }
}

extension RejectionReason: CountedCase {
    public var place: Int {
        switch self {
        case .soldOut: 0
        case .unknownSKU: 1
        case .quantityLimit: 2
        case .buyerLimit: 3
        case .notOnSale: 4
        case .orderIncomplete: 5
        case .discarded: 6
        case .notReplaceable: 7
        }
    }
}
