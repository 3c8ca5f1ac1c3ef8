import AMQPClient
import WeirCore
import WeirWire

/// Why a producer has no outcome. Each says what is known of the intent, and what to do.
public enum ProducerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was given is wrong, field by field; nothing was sent.
    case invalid([FieldFlaw])
    /// The token is known with another intent; nothing has changed.
    case conflict(token: String)
    /// The command is not possible, and how the intent stands, if there is one; nothing has changed.
    case refused(Refusal, Intent?)
    /// There is no connection to the broker, with the reason; whether the command arrived is unknown.
    case disconnected(String)
    /// The broker takes nothing in for now, because it is low on memory or disk, with its reason; nothing was sent.
    case blocked(String)
    /// The queue of the SKU's partition is full; nothing was accepted.
    case queueFull
    /// The queue of the SKU's partition does not exist, with what the broker said; nothing was accepted.
    case unroutable(String)
    /// The broker did not confirm in time; whether it has taken charge of the command is unknown.
    case unconfirmed
    /// The broker has taken charge of the command, which will be decided; the outcome did not come in time.
    case undecided
    /// As many are on their way or wait as the settings allow; nothing was sent.
    case overloaded
    /// The waiting task was cancelled; whether the command arrived is unknown.
    case cancelled
    /// The producer is closed; nothing was sent.
    case closed

    /// Whether the same call, under the same token, may succeed later without anybody changing anything. It is always
    /// safe to repeat: what was decided is not decided again.
    public var isRetriable: Bool {
        switch self {
        case .disconnected, .blocked, .queueFull, .unconfirmed, .undecided, .overloaded, .cancelled: true
        case .invalid, .conflict, .refused, .unroutable, .closed: false
        }
    }

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .invalid(let flaws): flaws.map(\.detail).joined(separator: "; ") + "; nothing was sent"
        case .conflict(let token):
            "the token '\(token)' is known with another intent, and nothing has changed; repeat that one, or choose a"
                + " new token"
        case .refused(let refusal, let intent):
            "the command was refused (\(refusal.rawValue))"
                + (intent.map { ": the intent '\($0.token)' is \($0.state.rawValue)" } ?? "")
                + "; nothing has changed"
        case .disconnected(let reason):
            "there is no connection to the broker (\(reason)); repeat it later, under the same token"
        case .blocked(let reason):
            "the broker takes nothing in for now (\(reason)); nothing was sent, repeat it later"
        case .queueFull: "the queue of this SKU's partition is full; nothing was accepted, repeat it later"
        case .unroutable(let reply):
            "the queue of this SKU's partition does not exist (\(reply)); run 'weir topology apply', and look"
                + " whether the number of partitions is right"
        case .unconfirmed:
            "the broker did not confirm in time, and may still accept it; repeat it under the same token"
        case .undecided:
            "it was accepted, and is not decided yet; repeat it under the same token to learn its outcome, and see"
                + " whether workers run"
        case .overloaded: "too many are on their way or wait already; nothing was sent, repeat it later"
        case .cancelled: "the waiting task was cancelled; repeat it under the same token to learn its outcome"
        case .closed: "the producer is closed; nothing was sent"
        }
    }

    /// Why the broker did not take charge of a command.
    init(_ ending: DoorEnding) {
        switch ending {
        case .published(let outcome):
            switch outcome {
            case .confirmed: self = .undecided
            case .nacked: self = .queueFull
            case .returned(let code, let text): self = .unroutable("\(code) \(printable(text))")
            case .unavailable(let reason): self = .disconnected(printable(reason))
            case .timedOut: self = .unconfirmed
            case .refused(let reason): self = .invalid([FieldFlaw(field: "message", detail: reason)])
            }
        case .overloaded: self = .overloaded
        // A producer on its own looks nothing up.
        case .known(let intent): self = .conflict(token: intent.token.text)
        }
    }

    /// Why a connection could not be made.
    init(_ error: AMQPError) {
        switch error.kind {
        case .invalid: self = .invalid([FieldFlaw(field: "amqpURL", detail: error.message)])
        default: self = .disconnected(printable(error.message))
        }
    }
}
