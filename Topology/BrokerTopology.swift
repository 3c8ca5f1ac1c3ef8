/// What the broker must look like for a number of partitions: the one source for `weir topology apply`, for the
/// check at every start, and for the shipped `rabbitmq/definitions.json`.
public struct BrokerTopology: Sendable, Hashable {
    /// The number of partitions.
    public let partitions: Int

    /// The topology of an installation with this many partitions.
    public init(partitions: Int) { self.partitions = partitions }

    /// The exchanges, in the order in which they are declared.
    public var exchanges: [Exchange] {
        [
            Exchange(name: Self.intents, type: "direct"),
            Exchange(name: Self.internal, type: "direct"),
            Exchange(name: Self.events, type: "topic"),
            Exchange(name: Self.dead, type: "fanout"),
        ]
    }

    /// The queues, in the order in which they are declared.
    public var queues: [Queue] {
        let workQueues = (0..<partitions).flatMap { partition in
            [
                Queue(
                    name: Self.intentsQueue(partition),
                    arguments: Self.workArguments + [
                        Argument("x-max-length", .integer(Self.intentsQueueLimit)),
                        Argument("x-overflow", .text("reject-publish")),
                        Argument("x-dead-letter-exchange", .text(Self.dead)),
                        Argument("x-dead-letter-strategy", .text("at-least-once")),
                    ]),
                Queue(name: Self.internalQueue(partition), arguments: Self.workArguments),
            ]
        }
        let dead = Queue(name: Self.dead, arguments: [Argument("x-queue-type", .text("quorum"))])
        return workQueues + [dead]
    }

    /// The bindings, in the order in which they are made.
    public var bindings: [Binding] {
        (0..<partitions).flatMap { partition in
            [
                Binding(
                    exchange: Self.intents, queue: Self.intentsQueue(partition),
                    routingKey: Self.routingKey(partition)),
                Binding(
                    exchange: Self.internal, queue: Self.internalQueue(partition),
                    routingKey: Self.routingKey(partition)),
            ]
        } + [Binding(exchange: Self.dead, queue: Self.dead, routingKey: "")]
    }

    // MARK: Names

    /// The exchange that takes commands; the routing key is the partition's number.
    public static let intents = "weir.intents"
    /// The exchange for messages between partitions, which only workers may write.
    public static let `internal` = "weir.internal"
    /// The exchange of the events; the routing key is `<type>.<sku>`.
    public static let events = "weir.events"
    /// The exchange and the queue of what the broker itself dead-letters.
    public static let dead = "weir.dead"
    /// What the name of an ingress's own queue begins with.
    public static let ingressQueuePrefix = "weir.ingress."

    /// The queue of a partition's commands, `weir.intents.p07`.
    public static func intentsQueue(_ partition: Int) -> String { "\(intents).p\(twoDigits(partition))" }
    /// The queue of a partition's messages from other partitions, `weir.internal.p07`.
    public static func internalQueue(_ partition: Int) -> String { "\(`internal`).p\(twoDigits(partition))" }
    /// The routing key of a partition: its number.
    public static func routingKey(_ partition: Int) -> String { String(partition) }

    /// The routing key of an event: `<type>.<sku>`, a dot of the SKU written `%2E`, so that the SKU is one word; of an event
    /// about an order, which has no SKU, the type alone.
    public static func eventRoutingKey(type: String, sku: String) -> String {
        guard !sku.isEmpty else { return type }
        guard sku.utf8.contains(UInt8(ascii: ".")) else { return "\(type).\(sku)" }
        return
            "\(type).\(sku.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "%2E"))"
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    // MARK: Numbers

    /// How many intents may wait in one partition before the broker refuses more.
    public static let intentsQueueLimit = 1_000_000
    /// How often a message may come back before the broker gives it up: a far backstop, because the worker's own
    /// rule finds the culprit without punishing the innocent that were delivered beside it.
    public static let deliveryLimit = 10_000
    /// The prefetch of every worker, always the same: with a smaller one than the last owner's, the messages that
    /// come back lose their order.
    public static let prefetch = 2_000
    /// How many outcomes may wait in an ingress's queue; beyond that the oldest are dropped and looked up instead.
    public static let ingressQueueLimit = 100_000

    private static let workArguments = [
        Argument("x-queue-type", .text("quorum")),
        Argument("x-single-active-consumer", .flag(true)),
        Argument("x-delivery-limit", .integer(deliveryLimit)),
        Argument("x-queue-leader-locator", .text("balanced")),
    ]
}

/// A durable exchange.
public struct Exchange: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// `direct`, `topic` or `fanout`.
    public let type: String
}

/// A durable queue.
public struct Queue: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Its arguments; declaring it with others is an error of the broker's.
    public let arguments: [Argument]
}

/// A route from an exchange to a queue.
public struct Binding: Sendable, Hashable {
    /// Where a message comes from.
    public let exchange: String
    /// Where it goes to.
    public let queue: String
    /// Which messages go there.
    public let routingKey: String
}

/// One argument of a queue.
public struct Argument: Sendable, Hashable {
    /// Its name, `x-…`.
    public let name: String
    /// Its value.
    public let value: Value

    /// What an argument may be.
    public enum Value: Sendable, Hashable {
        case text(String)
        case integer(Int)
        case flag(Bool)
    }

    init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}
