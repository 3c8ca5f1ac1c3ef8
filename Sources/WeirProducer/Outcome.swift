import WeirCore

/// What became of an intent.
public struct Outcome: Sendable, Hashable {
    /// The intent as it stands after the decision.
    public let intent: Intent
    /// Whether the decision was made before, and this is how the intent stands now: its token, or the command's id, was
    /// known.
    public let isReplayed: Bool

    /// Where the intent stands: `reserved`, `confirmed`, `rejected` …
    public var status: IntentState { intent.state }
    /// Why it was rejected; nil in every other state.
    public var reason: RejectionReason? { intent.reason }
    /// When the hold ends; nil unless it is `reserved`.
    public var holdUntil: Timestamp? { intent.holdUntil }

    init(_ intent: Intent, isReplayed: Bool = false) {
        self.intent = intent
        self.isReplayed = isReplayed
    }

    /// The outcome that an event is to whoever sent a command; nil for one that says nothing about an intent.
    init?(_ happening: Happening) throws(ProducerError) {
        switch happening {
        case .intent(let intent, _, _), .extended(let intent, _), .returned(let intent, _, _):
            self.init(intent)
        case .shortfall(let intent, _): throw .refused(.shortfall, intent)
        case .conflict(let token, _): throw .conflict(token: token.text)
        case .answered(_, _, _, let result):
            var intent: Intent?
            if case .intent(let known) = result.subject { intent = known }
            if case .refused(let refusal) = result.verdict { throw .refused(refusal, intent) }
            guard let intent else { return nil }
            self.init(intent, isReplayed: result.isReplayed)
        default: return nil
        }
    }
}
