/// Routes of which the broker refuses everything, and since when.
///
/// A full queue refuses until there is room. But a channel of RabbitMQ 3.10 whose first message to a quorum queue meets a
/// leader that has just died refuses for the rest of its life, although the queue has a new leader: `rabbit_fifo_client`
/// keeps `reject_publish` and is never told better. So who hears nothing but refusals for a while asks anew, on another
/// connection.
struct Refusals {
    /// How long nothing but refusals may come; longer while other messages wait for their confirms.
    static let patienceSeconds: UInt64 = 10
    static let patienceWhenBusySeconds: UInt64 = 30
    /// More routes than that are not told apart: one is enough to ask anew.
    private static let limit = 1_000

    private struct Route: Hashable {
        let exchange: String
        let routingKey: String
    }

    private var since: [Route: UInt64] = [:]

    /// Notes an answer of the broker's; `now` in nanoseconds.
    mutating func note(_ message: OutgoingMessage, isConfirmed: Bool, at now: UInt64) {
        guard !isConfirmed || !since.isEmpty else { return }
        let route = Route(exchange: message.exchange, routingKey: message.routingKey)
        if isConfirmed {
            since[route] = nil
        } else if since[route] == nil, since.count < Self.limit {
            since[route] = now
        }
    }

    /// A route of which everything has been refused for so long that a new connection may help.
    func hopeless(at now: UInt64, isBusy: Bool) -> String? {
        guard !since.isEmpty else { return nil }
        let patience = (isBusy ? Self.patienceWhenBusySeconds : Self.patienceSeconds) * 1_000_000_000
        return since.first { now >= $0.value + patience }?.key.routingKey
    }
}
