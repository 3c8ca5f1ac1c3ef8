import CRabbitMQ

/// What the broker says about a queue that was declared.
public struct QueueStatus: Sendable, Equatable {
    /// The name, which the broker chooses if it was empty.
    public var name: String
    /// Messages ready to be delivered; the unacknowledged do not count.
    public var messageCount: Int
    /// Consumers of all connections.
    public var consumerCount: Int

    /// A status, as tests make them.
    public init(name: String, messageCount: Int, consumerCount: Int) {
        self.name = name
        self.messageCount = messageCount
        self.consumerCount = consumerCount
    }
}

/// Exchanges, queues, bindings (AMQP 0-9-1 reference, classes `exchange` and `queue`).
///
/// All throw `.missing` (404), `.mismatch` (406), `.refused` (403), `.channelClosed` (other refusals, such as
/// 405 `RESOURCE_LOCKED`) and leave the connection usable, unless it consumes: a channel takes its consumers
/// with it.
extension Connection {
    /// Declares an exchange; with `passive` only checks that it exists.
    public func declareExchange(
        name: String, type: String, durable: Bool = true, autoDelete: Bool = false, internal: Bool = false,
        arguments: FieldTable = FieldTable(), passive: Bool = false
    ) throws(AMQPError) {
        arena.reset()
        var request = amqp_exchange_declare_t()
        request.exchange = try self.name(name, "exchange name")
        request.type = try self.name(type, "exchange type")
        request.passive = passive ? 1 : 0
        request.durable = durable ? 1 : 0
        request.auto_delete = autoDelete ? 1 : 0
        request.internal = `internal` ? 1 : 0
        request.arguments = try table(arguments)
        try call(
            AMQP_EXCHANGE_DECLARE_METHOD, &request, expecting: AMQP_EXCHANGE_DECLARE_OK_METHOD,
            "cannot declare exchange \(name)")
    }

    /// Throws `.missing` unless the exchange exists.
    public func checkExchange(_ name: String) throws(AMQPError) {
        try declareExchange(name: name, type: "", passive: true)
    }

    /// Deletes an exchange; one that does not exist is no error.
    public func deleteExchange(_ name: String) throws(AMQPError) {
        arena.reset()
        var request = amqp_exchange_delete_t()
        request.exchange = try self.name(name, "exchange name")
        try call(
            AMQP_EXCHANGE_DELETE_METHOD, &request, expecting: AMQP_EXCHANGE_DELETE_OK_METHOD,
            "cannot delete exchange \(name)")
    }

    /// Declares a queue, `""` for a name of the broker's choice; with `passive` only looks.
    @discardableResult
    public func declareQueue(
        name: String, durable: Bool = true, exclusive: Bool = false, autoDelete: Bool = false,
        arguments: FieldTable = FieldTable(), passive: Bool = false
    ) throws(AMQPError) -> QueueStatus {
        arena.reset()
        var request = amqp_queue_declare_t()
        request.queue = try self.name(name, "queue name")
        request.passive = passive ? 1 : 0
        request.durable = durable ? 1 : 0
        request.exclusive = exclusive ? 1 : 0
        request.auto_delete = autoDelete ? 1 : 0
        request.arguments = try table(arguments)
        return try call(
            AMQP_QUEUE_DECLARE_METHOD, &request, expecting: AMQP_QUEUE_DECLARE_OK_METHOD,
            as: amqp_queue_declare_ok_t.self, "cannot declare queue \(name)"
        ) { answer in
            QueueStatus(
                name: String(borrowed: answer.queue), messageCount: Int(answer.message_count),
                consumerCount: Int(answer.consumer_count))
        }
    }

    /// Throws `.missing` unless the queue exists.
    @discardableResult
    public func checkQueue(_ name: String) throws(AMQPError) -> QueueStatus {
        try declareQueue(name: name, passive: true)
    }

    /// Binds a queue to an exchange.
    public func bindQueue(
        queue: String, exchange: String, routingKey: String, arguments: FieldTable = FieldTable()
    ) throws(AMQPError) {
        arena.reset()
        var request = amqp_queue_bind_t()
        request.queue = try name(queue, "queue name")
        request.exchange = try name(exchange, "exchange name")
        request.routing_key = try name(routingKey, "routing key")
        request.arguments = try table(arguments)
        try call(
            AMQP_QUEUE_BIND_METHOD, &request, expecting: AMQP_QUEUE_BIND_OK_METHOD,
            "cannot bind queue \(queue) to exchange \(exchange)")
    }

    /// Removes a binding; one that does not exist is no error.
    public func unbindQueue(
        queue: String, exchange: String, routingKey: String, arguments: FieldTable = FieldTable()
    ) throws(AMQPError) {
        arena.reset()
        var request = amqp_queue_unbind_t()
        request.queue = try name(queue, "queue name")
        request.exchange = try name(exchange, "exchange name")
        request.routing_key = try name(routingKey, "routing key")
        request.arguments = try table(arguments)
        try call(
            AMQP_QUEUE_UNBIND_METHOD, &request, expecting: AMQP_QUEUE_UNBIND_OK_METHOD,
            "cannot unbind queue \(queue) from exchange \(exchange)")
    }

    /// Deletes a queue with all its messages; returns how many were ready. One that does not exist is no
    /// error.
    @discardableResult
    public func deleteQueue(_ name: String) throws(AMQPError) -> Int {
        arena.reset()
        var request = amqp_queue_delete_t()
        request.queue = try self.name(name, "queue name")
        return try call(
            AMQP_QUEUE_DELETE_METHOD, &request, expecting: AMQP_QUEUE_DELETE_OK_METHOD,
            as: amqp_queue_delete_ok_t.self, "cannot delete queue \(name)"
        ) { Int($0.message_count) }
    }

    /// Throws the ready messages of a queue away; returns how many.
    @discardableResult
    public func purgeQueue(_ name: String) throws(AMQPError) -> Int {
        arena.reset()
        var request = amqp_queue_purge_t()
        request.queue = try self.name(name, "queue name")
        return try call(
            AMQP_QUEUE_PURGE_METHOD, &request, expecting: AMQP_QUEUE_PURGE_OK_METHOD,
            as: amqp_queue_purge_ok_t.self, "cannot purge queue \(name)"
        ) { Int($0.message_count) }
    }
}
