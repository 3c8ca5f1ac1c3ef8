/// Why a call to the broker failed. Its text is one sentence, without a password, safe to log.
public struct AMQPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, by what the caller can do about it.
    public enum Kind: Sendable, Equatable {
        /// Cannot connect, lost, timed out, or closed by the broker: connect again later.
        case away
        /// Login, virtual host or permission: a person must change something.
        case refused
        /// The broker closed the channel: AMQP 0-9-1 reply code and its text.
        case channelClosed(code: Int, text: String)
        /// The broker ended a subscription, most often because its queue was deleted.
        case consumerCancelled
        /// The peer does not speak AMQP 0-9-1 as we know it.
        case protocolViolation
        /// The named queue or exchange does not exist (404 `NOT_FOUND`).
        case missing
        /// It exists with other properties, or does not allow this (406 `PRECONDITION_FAILED`).
        case mismatch
        /// The caller's own argument: a malformed URL, a name above 255 bytes. Trying again cannot help.
        case invalid
    }

    /// What went wrong.
    public let kind: Kind

    /// One sentence for a person.
    public let message: String

    /// An error of this kind with one sentence for a person; put no password into it.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Whether the same call may succeed later without anybody changing anything.
    public var isRetriable: Bool {
        switch kind {
        case .away, .channelClosed, .protocolViolation: true
        case .refused, .consumerCancelled, .missing, .mismatch, .invalid: false
        }
    }

    /// The sentence.
    public var description: String { message }
}
