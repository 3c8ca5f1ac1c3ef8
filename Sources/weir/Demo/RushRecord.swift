/// What one buyer has been told, kept to be held against what the server says afterwards.
struct RushRecord: Sendable, Hashable {
    let number: Int
    /// Whether the server has said 2xx to the intent.
    var isAccepted = false
    /// Every decided state that was shown, in the order in which the answers came.
    var shown: [Shown] = []
    /// What was answered to the confirmation or cancellation.
    var followUp: FollowUp = .none
    /// Wrong payloads that were answered: taken, or refused for what they are or because nothing is left.
    var wrongPayloadsSent = 0
    /// Answers to a wrong payload that were no refusal.
    var wrongPayloadsTaken = 0
    /// Why the buyer gave up, if so.
    var failure: String?

    /// A state with its reason.
    struct Shown: Sendable, Hashable, CustomStringConvertible {
        let status: IntentAnswer.Status
        let reason: String?

        init(_ answer: IntentAnswer) {
            status = answer.status
            reason = answer.reason
        }

        init(_ status: IntentAnswer.Status, _ reason: String? = nil) {
            self.status = status
            self.reason = reason
        }

        var description: String { reason.map { "\(status.rawValue) (\($0))" } ?? status.rawValue }
        var isRejection: Bool { status == .rejected }
    }

    enum FollowUp: Sendable, Hashable {
        case none
        case confirmed, cancelled
        /// The hold had expired and no unit was left, or the state had no way there.
        case refused
        /// No answer came: it may have taken effect or not.
        case unknown
    }

    /// The first decision that was shown.
    var decision: Shown? { shown.first }

    /// What contradicts the state that the server shows in the end; nil if nothing does.
    func contradiction(to final: Shown?) -> String? {
        guard isAccepted else { return nil }
        guard let final, final.status.isSettled else { return "was accepted but has no outcome" }
        if final.status == .undecidable { return nil }
        for one in shown where one.isRejection != final.isRejection || (one.isRejection && one != final) {
            return "was shown as \(one) and is now \(final)"
        }
        switch followUp {
        case .confirmed where final.status != .confirmed: return "was confirmed and is now \(final)"
        case .cancelled where final.status != .cancelled: return "was cancelled and is now \(final)"
        case .refused where [.confirmed, .cancelled].contains(final.status):
            return "was refused a change and is now \(final)"
        case .none where shown.contains { $0.status == .confirmed } && final.status != .confirmed:
            return "was sold and is now \(final)"
        default: return nil
        }
    }
}
