import AMQPClient
import Testing
import WeirCore
import WeirLive
import WeirTopology
import WeirWire

/// Messages between partitions: forged, late, lost, and never answered.
@Suite struct OrderMessages {
    /// Only what comes out of the internal queue is obeyed, and nothing else comes out of it.
    @Test func anOutsiderCannotForgeAnAnswer() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let skus = [room.sku(in: 0), room.sku(in: 1)]
        // The participant does not answer: nobody but a forger says that its line is held.
        let coordinator = OwnerThread(room, partition: 0)
        defer { coordinator.stop() }
        try await room.publish([define(skus[0], stocked: 5, holdSeconds: 900)])
        let token = room.orderToken(coordinatedBy: 0)
        try await room.publish([orderSubmit(token, skus)])
        #expect(try await eventually { try room.orderState(token) == "reserving" })
        // However slow this machine is, the gathering does not end meanwhile.
        try room.execute("update orders set due_at = due_at + interval '1 hour'")

        let order = Token(unchecked: token)
        let answer = PartAnswer(
            order: order, partition: 1, version: 1, isComplete: true, shortages: [], holdSeconds: 900,
            maxHoldSeconds: 0)
        var image = Order(
            token: order, buyer: Buyer(unchecked: "b"), coordinator: 1,
            lines: [OrderLine(sku: SKU(unchecked: skus[0]), quantity: Quantity(unchecked: 1))],
            state: .confirmed, version: 9)
        let inquiry = PartInquiry(
            order: Token(unchecked: "none"), buyer: Buyer(unchecked: "b"), partition: 1, version: 1,
            guardAt: Timestamp(microseconds: 1))
        let confirmed = OrderHappening.state(image, from: nil)
        image.state = .cancelled
        let forged: [OrderHappening] = [.part(answer), confirmed, .told(image), .inquired(inquiry)]
        for happening in forged {
            try await room.publish(happening, exchange: BrokerTopology.intents, to: 0)
        }
        #expect(try await eventually { try room.count("select count(*) from dead_letter") == forged.count })
        #expect(try room.texts("select distinct reason from dead_letter") == ["unknown_type"])
        #expect(try room.orderState(token) == "reserving" && room.lineState(token, 1) == "reserved")
        #expect(try room.orderState("none") == nil)

        // A worker is not lent to anybody as a forger either.
        try await room.publish(
            [orderSubmit("reply", [skus[0]])], replyTo: BrokerTopology.internalQueue(0))
        #expect(
            try await eventually {
                try room.count("select count(*) from dead_letter where reason = 'invalid_property'") == 1
            })
        #expect(try room.orderState("reply") == nil)

        // And a client's command is none in the internal queue.
        var message = room.message(submit("sneaked", skus[0]))
        message.exchange = BrokerTopology.internal
        let publisher = room.publisher()
        #expect(await publisher.waitUntilReady(timeout: .seconds(60)))
        #expect(await publisher.publish(message) == .confirmed)
        try await onThread { publisher.stop(drain: .seconds(1)) }
        #expect(
            try await eventually {
                try room.count("select count(*) from dead_letter where token = 'sneaked'") == 1
            })
        #expect(try room.count("select count(*) from intent where token = 'sneaked'") == 0)
    }

    /// A cancel that overtakes its reserve: the lines are written as cancelled, and the reserve finds them decided.
    @Test func aReserveThatComesAfterItsCancelTakesNothing() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let skus = [room.sku(in: 0), room.sku(in: 1)]
        let coordinator = OwnerThread(room, partition: 0)
        defer { coordinator.stop() }
        let token = room.orderToken(coordinatedBy: 0)
        try await room.publish([
            define(skus[0], stocked: 5, holdSeconds: 900), define(skus[1], stocked: 5, holdSeconds: 900),
            orderSubmit(token, skus), orderCancel(token),
        ])
        #expect(try await eventually { try room.orderState(token) == "cancelled" })
        #expect(
            try await room.turnInternalQueue(1, expecting: 2) == [
                "weir.order.reserving.v1", "weir.order.cancelled.v1",
            ])

        let participant = OwnerThread(room, partition: 1)
        defer { participant.stop() }
        #expect(try await room.ordersSettle())
        #expect(try room.lineState(token, 2) == "cancelled")
        #expect(
            try room.texts(
                "select type::text from event where partition = 1 and token = '\(token)/2'") == [
                    "weir.intent.cancelled.v1"
                ])
        #expect(try room.count("select count(*) from sku where available < stocked") == 0)
        try room.expectWholeOrders()
    }

    /// A part holds a line of an order that its coordinator has lost: it asks, the order is recorded as cancelled
    /// before that is answered, and the line is free.
    @Test func aPartWhoseOrderIsNotKnownIsReleasedAfterItHasAsked() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let skus = [room.sku(in: 0), room.sku(in: 1)]
        let token = room.orderToken(coordinatedBy: 0)
        let lines = skus.map { OrderLine(sku: SKU(unchecked: $0), quantity: Quantity(unchecked: 2)) }
        do {
            let participant = OwnerThread(room, partition: 1)
            defer { participant.stop() }
            try await room.publish([define(skus[1], stocked: 5, holdSeconds: 900)])
            let order = Order(
                token: Token(unchecked: token), buyer: Buyer(unchecked: "b"), coordinator: 0, lines: lines,
                state: .reserving, version: 1)
            try room.execute(
                """
                insert into orders (version, awaited, changed_at, due_at, hold_seconds, max_hold_seconds, status,
                    partition, token, buyer, lines)
                values (1, 2, now(), now() + interval '1 hour', 900, 900, 'reserving', 0, '\(token)', 'b',
                    '\(order.storedLines)')
                """)
            try await room.publish(.state(order, from: nil), exchange: BrokerTopology.internal, to: 1)
            #expect(try await eventually { try room.lineState(token, 2) == "reserved" })
            try room.execute("delete from orders")
        }
        let audit = try LiveAudit(databaseURL: room.databaseURL).run()
        #expect(audit.orders.examples == ["line \(token)/2 has units, and there is no order that names it"])
        // The time comes at which the part asks; by itself it releases nothing.
        try room.execute("update order_part set guard_at = now()")
        let participant = OwnerThread(room, partition: 1)
        defer { participant.stop() }
        #expect(
            try await eventually {
                try room.count("select count(*) from event where type = 'weir.order.inquired.v1'") > 0
            })
        #expect(try room.lineState(token, 2) == "reserved")
        #expect(try room.count("select count(*) from order_part where guard_at > now()") == 1)

        let coordinator = OwnerThread(room, partition: 0)
        defer { coordinator.stop() }
        #expect(try await room.ordersSettle())
        #expect(try await eventually { try room.lineState(token, 2) == "cancelled" })
        #expect(try room.orderState(token) == "cancelled")
        #expect(try room.count("select available::int from sku") == 5)
        // Whoever submits it now is told how it stands.
        try await room.publish([
            define(skus[0], stocked: 5, holdSeconds: 900), orderSubmit(token, skus, units: 2),
        ])
        #expect(
            try await eventually {
                try room.count(
                    "select count(*) from event where type = 'weir.command.answered.v1' and token = '\(token)'"
                ) == 1
            })
        #expect(try room.orderState(token) == "cancelled")
        #expect(try room.count("select count(*) from sku where available < 5") == 0)
        #expect(try await room.ordersSettle())
        try room.expectWholeOrders(hasLines: false)
    }

    /// An answer that was lost with its queue: the part asks, and the coordinator says how the order stands.
    @Test func aDecisionThatWasLostIsAskedFor() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let skus = [room.sku(in: 0), room.sku(in: 1)]
        let token = room.orderToken(coordinatedBy: 0)
        let coordinator = OwnerThread(room, partition: 0)
        defer { coordinator.stop() }
        do {
            let participant = OwnerThread(room, partition: 1)
            defer { participant.stop() }
            try await room.publish(skus.map { define($0, stocked: 5, holdSeconds: 900) })
            try await room.publish([orderSubmit(token, skus)])
            #expect(try await eventually { try room.orderState(token) == "reserved" })
            #expect(try await room.ordersSettle())
        }
        try await room.publish([orderConfirm(token)])
        #expect(try await eventually { try room.orderState(token) == "confirmed" })
        #expect(
            try await room.turnInternalQueue(1, expecting: 1, losing: true) == ["weir.order.confirmed.v1"])
        try room.execute("update order_part set guard_at = now()")
        let participant = OwnerThread(room, partition: 1)
        defer { participant.stop() }
        #expect(try await eventually { try room.lineState(token, 2) == "confirmed" })
        #expect(try await room.ordersSettle())
        try room.expectWholeOrders()
    }

    /// A subscriber's queue that is full holds up the events, and no order.
    @Test func aFullQueueOfASubscriberHoldsUpNoMessage() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let skus = [room.sku(in: 0), room.sku(in: 1)]
        try await onThread {
            let connection = try room.connection()
            defer { connection.close() }
            try connection.declareQueue(
                name: "full", durable: false, exclusive: false, autoDelete: false,
                arguments: ["x-max-length": .int(0), "x-overflow": .string("reject-publish")])
            try connection.bindQueue(queue: "full", exchange: BrokerTopology.events, routingKey: "#")
        }
        let pool = room.pool()
        pool.start()
        defer { pool.stop() }
        try await room.publish(skus.map { define($0, stocked: 50, holdSeconds: 900) })
        for number in 0..<20 { try await room.publish([orderSubmit("o\(number)", skus)]) }
        #expect(
            try await eventually {
                try room.count("select count(*) from orders where status = 'reserved' and awaited = 0") == 20
            })
        #expect(try room.count("select coalesce(sum(published), 0)::int from partition") == 0)
        try await onThread {
            let connection = try room.connection()
            defer { connection.close() }
            _ = try connection.deleteQueue("full")
        }
        #expect(
            try await eventually {
                try room.count("select count(*) from partition where published < head") == 0
            })
        #expect(try await room.ordersSettle())
        try room.expectWholeOrders()
    }
}

extension LiveRoom {
    /// Takes what waits in a partition's internal queue and puts it back in the opposite order, or nowhere; returns the
    /// types in the order in which they waited.
    fileprivate func turnInternalQueue(
        _ partition: Int, expecting count: Int, losing: Bool = false
    ) async throws -> [String] {
        let queue = BrokerTopology.internalQueue(partition)
        let taken = try await onThread { () throws -> [AMQPClient.Delivery] in
            let connection = try connection()
            defer { connection.close() }
            try connection.qos(prefetch: BrokerTopology.prefetch)
            try connection.consume(queue: queue)
            var taken: [AMQPClient.Delivery] = []
            while taken.count < count, let next = try connection.nextDelivery(wait: .seconds(60)) {
                taken.append(next)
            }
            if let last = taken.last { try connection.ack(upTo: last.deliveryTag, multiple: true) }
            return taken
        }
        if losing { return taken.map { $0.properties.type ?? "" } }
        let publisher = publisher()
        #expect(await publisher.waitUntilReady(timeout: .seconds(60)))
        for delivery in taken.reversed() {
            let message = OutgoingMessage(
                exchange: BrokerTopology.internal, routingKey: BrokerTopology.routingKey(partition),
                properties: delivery.properties, body: delivery.body, mandatory: true)
            #expect(await publisher.publish(message) == .confirmed)
        }
        try await onThread { publisher.stop(drain: .seconds(1)) }
        return taken.map { $0.properties.type ?? "" }
    }
}
