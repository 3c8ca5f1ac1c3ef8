import WeirCore
import WeirPipeline
import WeirWire

/// Clients that order several SKUs at once, retry, contradict themselves, confirm, cancel and extend; and what they know.
struct SimulatedShoppers {
    private(set) var published = 0
    /// The first order that entered a queue under each token.
    private(set) var firstOrder: [Token: OrderSubmit] = [:]
    /// The commands that must be answered or become a dead letter, by their correlation id.
    private(set) var expected: Set<String> = []

    private let partitioning: Partitioning
    private let skus: [SKU]
    private var sent: [OrderCommand] = []
    private var lastNumber = 0

    init(_ partitioning: Partitioning, skus: [SKU]) {
        self.partitioning = partitioning
        self.skus = skus
    }

    mutating func act(_ broker: SimulatedBroker, _ database: SimulatedDatabase, _ random: inout SplitMix64) {
        let token = Token(unchecked: "o\(Int.random(in: 0..<25, using: &random))")
        // Who confirms or extends knows mostly that there is something to confirm or extend.
        let held = database.orders.values.filter { $0.order.state == .reserved }.map(\.order.token).min()
        let known = random.chance(70) ? held ?? token : token
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45:
            if let submit = freshOrder(token, &random) { publish(.submit(submit), broker, database) }
        case 45..<58:
            // The answer did not come: the very same command again.
            if let again = sent.randomElement(using: &random) { publish(again, broker, database) }
        case 58..<78: publish(.confirm(OrderChange(id: freshID(), order: known)), broker, database)
        case 78..<83: publish(.cancel(OrderChange(id: freshID(), order: token)), broker, database)
        case 83..<88:
            let line = Int.random(in: 1...3, using: &random)
            publish(.cancel(OrderChange(id: freshID(), order: token, lines: [line])), broker, database)
        case 88..<95:
            let until = database.now.adding(seconds: Int64.random(in: 1...140, using: &random))
            publish(.extend(OrderExtension(id: freshID(), order: known, holdUntil: until)), broker, database)
        default:
            // A stranger tries to say what only another partition may say.
            if let row = database.orders[token] { forge(row.order, broker, &random) }
        }
    }

    /// Everybody asks once more, so that each token has an answer that nothing disturbs.
    mutating func retryEverything(_ broker: SimulatedBroker, _ database: SimulatedDatabase) {
        for (_, first) in firstOrder.sorted(by: { $0.key < $1.key }) {
            publish(.submit(first), broker, database)
            expected.insert("s\(published)")
        }
    }

    /// Whether a message left a trace: a row, a result, an answer, or a dead letter.
    func isSettled(_ delivery: Delivery, _ database: SimulatedDatabase) -> Bool? {
        // A message between partitions may come too late to change anything.
        if delivery.isInternal { return true }
        guard let type = delivery.type, type.hasPrefix("weir.order."),
            let correlation = delivery.correlationID
        else { return nil }
        if database.deadBodies.contains(delivery.body) { return true }
        let command = try? Command.read(
            type: type, messageID: delivery.messageID, contentType: nil, body: delivery.body)
        if case .order(.submit(let submit))? = command { return database.orders[submit.token] != nil }
        return database.logs.values.contains { log in log.contains { $0.correlationID == correlation } }
            || database.orders.values.contains { $0.sender?.correlationID == correlation }
    }

    private func freshOrder(_ token: Token, _ random: inout SplitMix64) -> OrderSubmit? {
        let shelf = random.chance(50) ? SimulatedClients.plentiful : skus
        let lines = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            (
                sku: shelf.randomElement(using: &random) ?? skus[0],
                quantity: Quantity(unchecked: Int64.random(in: 1...3, using: &random))
            )
        }
        // Most of the time a token means the same order.
        if let first = firstOrder[token], random.chance(80) { return first }
        return OrderSubmit(
            token: token, buyer: Buyer(unchecked: "b\(Int.random(in: 1...4, using: &random))"), lines: lines)
    }

    private mutating func publish(
        _ command: OrderCommand, _ broker: SimulatedBroker, _ database: SimulatedDatabase
    ) {
        published += 1
        let partition: Int
        switch command {
        case .submit(let submit):
            partition = partitioning.coordinator(of: submit.token, lines: submit.lines)
            if firstOrder[submit.token] == nil { firstOrder[submit.token] = submit }
        default:
            // Who knows the order knows its coordinator; others can only guess.
            partition =
                database.orders[command.order]?.order.coordinator
                ?? partitioning.coordinator(of: command.order, lines: [])
            expected.insert("s\(published)")
        }
        broker.publish(delivery(command), to: partition)
        sent.append(command)
    }

    private func delivery(_ command: OrderCommand) -> Delivery {
        let correlation = "s\(published)"
        let command = Command.order(command)
        return Delivery(
            tag: 0, type: command.kind.rawValue, messageID: command.messageID, replyTo: "answers",
            correlationID: correlation, body: command.body,
            details: { DeliveryDetails(properties: "{\"correlation_id\":\"\(correlation)\"}") })
    }

    private mutating func forge(_ order: Order, _ broker: SimulatedBroker, _ random: inout SplitMix64) {
        published += 1
        var forged = order
        forged.state = Bool.random(using: &random) ? .cancelled : .confirmed
        forged.version += 5
        let happening = Happening.order(.state(forged, from: nil))
        let partition = Int.random(in: 0..<partitioning.count, using: &random)
        broker.publish(
            Delivery(
                tag: 0, type: happening.type, messageID: "x", body: happening.body(partition: partition)),
            to: partition)
    }

    private mutating func freshID() -> CommandID {
        lastNumber += 1
        return CommandID(unchecked: "oid\(lastNumber)")
    }
}
