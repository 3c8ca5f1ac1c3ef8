/// A user of the broker and what he may do: the one source for the shipped `rabbitmq/definitions.json` and the tests.
///
/// RabbitMQ asks three questions of a name of a queue or an exchange (guide 'Access Control'): may he create and delete
/// it (`configure`), put something into it (`write`: publish, or bind a queue), take something out of it (`read`: get,
/// consume, purge, or bind to an exchange).
public struct BrokerUser: Sendable, Hashable {
    /// His name.
    public let name: String
    /// The names that he may create and delete, as a regular expression over the whole name.
    public let configure: String
    /// The names that he may write.
    public let write: String
    /// The names that he may read.
    public let read: String
}

extension BrokerTopology {
    /// Everybody who logs in at the broker, with the least that his part needs. Nobody at run time may change the
    /// topology: the ingress creates its own queue and nothing else, a worker nothing at all.
    public static let users = [admin, ingress, worker]

    /// Who runs `weir topology apply`: Weir's own exchanges and queues, and no others. A queue with a dead-letter
    /// exchange wants the right to read the queue and to write the exchange.
    public static let admin = BrokerUser(
        name: "weir-admin", configure: everything, write: everything, read: everything)

    /// The ingress: publishes commands; makes, binds and reads queues of its own. It cannot read anybody's intents.
    public static let ingress = BrokerUser(
        name: "weir-ingress", configure: ownQueues,
        write: whole("\(escaped(intents))|\(anyOwnQueue)"),
        read: whole("\(escaped(events))|\(anyOwnQueue)"))

    /// A worker: reads the queues of its partitions, writes events, messages to other partitions, and through the
    /// default exchange (`amq.default`) the answers to senders who have a queue of their own.
    public static let worker = BrokerUser(
        name: "weir-worker", configure: nothing,
        write: whole("\(escaped(events))|\(escaped(`internal`))|amq\\.default"),
        read: whole("(\(escaped(intents))|\(escaped(`internal`)))\(anyPartition)|\(escaped(dead))"))

    // RabbitMQ searches for the expression anywhere in the name, so each says where the name begins and ends.
    private static func whole(_ expression: String) -> String { "^(\(expression))$" }
    private static func escaped(_ name: String) -> String {
        name.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "\\.")
    }
    private static let nothing = "^$"
    private static let anyPartition = "\\.p[0-9]{2}"
    private static let anyOwnQueue = "\(escaped(ingressQueuePrefix)).+"
    private static let ownQueues = whole(anyOwnQueue)
    private static let everything = whole(
        "(\(escaped(intents))|\(escaped(`internal`)))(\(anyPartition))?|\(escaped(events))|\(escaped(dead))")
}
