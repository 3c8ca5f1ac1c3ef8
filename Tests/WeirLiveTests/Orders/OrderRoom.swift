import AMQPClient
import PostgresClient
import Testing
import WeirCore
import WeirLive
import WeirTopology
import WeirWire

/// An order of these SKUs, one unit of each.
func orderSubmit(_ token: String, _ skus: [String], units: Int64 = 1, buyer: String = "b") -> Command {
    let lines = skus.map { (sku: SKU(unchecked: $0), quantity: Quantity(unchecked: units)) }
    return .order(
        .submit(
            OrderSubmit(token: Token(unchecked: token), buyer: Buyer(unchecked: buyer), lines: lines)!))
}

func orderConfirm(_ token: String) -> Command {
    .order(
        .confirm(OrderChange(id: CommandID(unchecked: "confirm-\(token)"), order: Token(unchecked: token))))
}

func orderCancel(_ token: String, lines: [Int] = []) -> Command {
    .order(
        .cancel(
            OrderChange(
                id: CommandID(unchecked: "cancel-\(token)"), order: Token(unchecked: token), lines: lines)))
}

extension LiveRoom {
    /// A token whose order is coordinated by this partition, if its lines live apart.
    func orderToken(coordinatedBy partition: Int, _ prefix: String = "o") -> String {
        (0...).lazy.map { "\(prefix)\($0)" }.first {
            partitioning.coordinator(of: Token(unchecked: $0), lines: []) == partition
        }!
    }

    /// Publishes commands, each of which has to be confirmed.
    func publish(_ commands: [Command], replyTo: String? = nil) async throws {
        let publisher = publisher()
        #expect(await publisher.waitUntilReady(timeout: .seconds(60)))
        for command in commands {
            #expect(await publisher.publish(message(command, replyTo: replyTo)) == .confirmed)
        }
        try await onThread { publisher.stop(drain: .seconds(1)) }
    }

    /// The bytes of a message between partitions, with its type, to wherever somebody wants to have it.
    func publish(
        _ happening: OrderHappening, exchange: String, to partition: Int
    ) async throws {
        let happening = Happening.order(happening)
        var properties = MessageProperties(contentType: "application/json", type: happening.type)
        properties.messageID = "made-up"
        properties.deliveryMode = 2
        let message = OutgoingMessage(
            exchange: exchange, routingKey: BrokerTopology.routingKey(partition), properties: properties,
            body: happening.body(partition: partition), mandatory: true)
        let publisher = publisher()
        #expect(await publisher.waitUntilReady(timeout: .seconds(60)))
        #expect(await publisher.publish(message) == .confirmed)
        try await onThread { publisher.stop(drain: .seconds(1)) }
    }

    /// Where an order stands; nil when nobody has recorded it.
    func orderState(_ token: String) throws -> String? {
        try texts("select status::text from orders where token = $1", [.text(token)]).first
    }

    /// Where a line stands.
    func lineState(_ token: String, _ number: Int) throws -> String? {
        try texts("select status::text from intent where token = $1", [.text("\(token)/\(number)")]).first
    }

    /// Waits until every order is decided, every answer has come, and every message was forwarded.
    func ordersSettle(within limit: Duration = .seconds(60)) async throws -> Bool {
        let open = """
            select (select count(*) from orders where awaited <> 0 or status in ('reserving', 'reclaiming'))
                + (select count(*) from partition p where p.forwarded <
                    coalesce((select max(a.seq) from event_address a where a.partition = p.partition), 0))
            """
        return try await eventually(within: limit) { try count(open) == 0 }
    }

    /// Lines that have units although their order has none for them.
    func strayLines() throws -> [String] {
        try texts(
            """
            select i.token || ' ' || i.status::text from intent i
            left join orders o on o.token = split_part(i.token, '/', 1)
            where strpos(i.token, '/') > 0 and i.status in ('reserved', 'confirmed')
                and i.status::text is distinct from o.status::text
            """)
    }

    /// All that must be true of orders once everything has settled.
    func expectWholeOrders(hasLines: Bool = true, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try strayLines() == [], sourceLocation: sourceLocation)
        let held = "select count(*) from intent where status = 'reserved'"
        let counted = "select coalesce(sum(held), 0)::int from sku"
        #expect(try count(held) == count(counted), sourceLocation: sourceLocation)
        let report = try LiveAudit(databaseURL: databaseURL).run()
        #expect(report.holds, "\(report.lines)", sourceLocation: sourceLocation)
        #expect(report.orders.checked > 0 || !hasLines, sourceLocation: sourceLocation)
        #expect(report.orders.underWay == 0, sourceLocation: sourceLocation)
        #expect(try count("select count(*) from dead_letter") == 0, sourceLocation: sourceLocation)
    }
}
