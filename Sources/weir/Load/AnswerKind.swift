/// What became of one request, in the words of the report.
enum AnswerKind: String, Sendable, CaseIterable {
    /// Decided: units are set aside, or sold.
    case reserved, confirmed, cancelled, expired, waitlisted, backordered
    /// Decided: rejected, by reason.
    case soldOut = "sold_out"
    case unknownSKU = "unknown_sku"
    case quantityLimit = "quantity_limit"
    case rejectedOtherwise = "rejected_otherwise"
    /// It will never be decided: a dead letter.
    case undecidable
    /// Accepted, but no outcome came while we waited (or nobody waited).
    case accepted
    /// Refused at the door, nothing accepted.
    case turnedAway = "turned_away"
    case conflict
    case throttled
    case refused
    /// Nothing is known about it: 503 and other errors of the server, no answer, no connection.
    case unavailable
    case serverError = "server_error"
    case timedOut = "timed_out"
    case unreachable
    case garbled
    /// Ctrl-C was faster.
    case interrupted

    /// The kind of an answer.
    init(_ answer: IntentAnswer) {
        switch answer.status {
        case .queued: self = .accepted
        case .undecidable: self = .undecidable
        case .reserved: self = .reserved
        case .confirmed: self = .confirmed
        case .cancelled: self = .cancelled
        case .expired: self = .expired
        case .waitlisted: self = .waitlisted
        case .backordered: self = .backordered
        case .rejected:
            switch answer.reason {
            case "sold_out": self = .soldOut
            case "unknown_sku": self = .unknownSKU
            case "quantity_limit": self = .quantityLimit
            default: self = .rejectedOtherwise
            }
        }
    }

    /// The kind of an error.
    init(_ error: WeirClientError) {
        switch error {
        case .refused(let problem): self = Self.kind(of: problem)
        case .unreachable, .untrusted, .badURL, .badCAFile: self = .unreachable
        case .timedOut: self = .timedOut
        case .cancelled: self = .interrupted
        case .garbled: self = .garbled
        }
    }

    private static func kind(of problem: Problem) -> AnswerKind {
        switch problem.status {
        case 409 where problem.name == "sold-out": .turnedAway
        case 422 where problem.name.hasSuffix("-conflict"): .conflict
        case 429: .throttled
        case 503: .unavailable
        case 500...: .serverError
        default: .refused
        }
    }

    /// How a person reads it.
    var words: String { rawValue.map { $0 == "_" ? " " : String($0) }.joined() }
}
