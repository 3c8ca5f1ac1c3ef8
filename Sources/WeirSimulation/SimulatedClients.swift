import WeirCore
import WeirPipeline
import WeirWire

/// Clients that buy, retry, contradict themselves, confirm, cancel, restock, and send rubbish; and what they know.
struct SimulatedClients {
    private(set) var published = 0
    /// The first wish that entered a queue under each token, with its place in the order of arrival.
    private(set) var firstWish: [Token: (submit: Submit, place: Int)] = [:]

    private let partitioning: Partitioning
    private let skus: [SKU]
    private var sent: [Command] = []
    /// The commands that must be answered or become a dead letter, by their correlation id.
    private(set) var expected: Set<String> = []
    private var lastNumber = 0

    init(_ partitioning: Partitioning) {
        self.partitioning = partitioning
        skus = Self.skus
    }

    /// One partition at least has two of them; the last one is never defined.
    static let skus = ["shoe", "sock", "scarf", "hat", "belt"].map { SKU(unchecked: $0) }
    /// One in each partition, of which there is enough, and which only orders want: so that many are confirmed.
    static let plentiful = ["cap", "mug", "bag"].map { SKU(unchecked: $0) }

    mutating func defineSKUs(
        _ broker: SimulatedBroker, at now: Timestamp, _ random: inout SplitMix64
    ) {
        for sku in skus.dropLast() { define(sku, broker, at: now, &random) }
        for sku in Self.plentiful {
            let seconds: Int64 = [1, 5, 30].randomElement(using: &random) ?? 1
            let policy = SKUPolicy(holdSeconds: seconds, maxHoldSeconds: seconds + 150)
            publish(.define(Definition(id: freshID(), sku: sku, stocked: 60, policy: policy)), broker)
        }
    }

    /// Defines a SKU; the one with a limit for each buyer keeps it, so that it can be checked at the end.
    private mutating func define(
        _ sku: SKU, _ broker: SimulatedBroker, at now: Timestamp, _ random: inout SplitMix64
    ) {
        var policy = SKUPolicy(
            holdSeconds: [0, 1, 5, 30].randomElement(using: &random) ?? 0,
            maxPerIntent: Bool.random(using: &random) ? 3 : nil,
            safetyStock: random.chance(20) ? 1 : 0, lowStockAt: random.chance(50) ? 2 : nil,
            onShortage: ShortageRule.allCases.randomElement(using: &random) ?? .reject,
            waitlistLimit: random.chance(50) ? 10 : nil, backorderLimit: 10)
        // Longer than the guard of an order's lines, which are not told when its hold is extended.
        if random.chance(70) { policy.maxHoldSeconds = policy.holdSeconds + 150 }
        if random.chance(20) {
            policy.onSaleFrom = now.adding(seconds: Int64.random(in: -9...9, using: &random))
        }
        if random.chance(20) {
            policy.onSaleUntil = now.adding(seconds: Int64.random(in: 10...40, using: &random))
        }
        if random.chance(30) { policy.availableFrom = now.adding(seconds: 100) }
        if sku == skus[0] { policy.maxPerBuyer = Self.mostPerBuyer }
        let stocked = Int64.random(in: 0...12, using: &random)
        publish(.define(Definition(id: freshID(), sku: sku, stocked: stocked, policy: policy)), broker)
    }

    /// The most units that a buyer may have of ``limitedSKU``, whatever else its policy says.
    static let mostPerBuyer: Int64 = 5
    /// The SKU that limits its buyers from the beginning on.
    var limitedSKU: SKU { skus[0] }

    mutating func act(_ broker: SimulatedBroker, _ database: SimulatedDatabase, _ random: inout SplitMix64) {
        let sku = skus.randomElement(using: &random) ?? skus[0]
        let token = Token(unchecked: "t\(Int.random(in: 0..<60, using: &random))")
        let known = database.intents[token]?.sku ?? firstWish[token]?.submit.sku ?? sku
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<1:
            let name = Bool.random(using: &random) ? "poison" : "unwritable"
            let submit = Submit(
                token: Token(unchecked: "\(name)-\(published)"), sku: sku, quantity: Quantity(unchecked: 1),
                buyer: SimulatedDatabase.unwritable)
            publish(.submit(submit), broker)
        case 1..<8: publishBundle(to: sku, broker, &random)
        case 8..<48: publish(.submit(wish(token, sku, database, &random)), broker)
        case 48..<62:
            // The answer did not come: the very same command again.
            if let again = sent.randomElement(using: &random) { publish(again, broker) }
        case 62..<72: publish(.confirm(IntentChange(id: freshID(), token: token, sku: known)), broker)
        case 72..<82:
            let part = random.chance(40) ? Quantity(unchecked: Int64.random(in: 1...3, using: &random)) : nil
            publish(
                .cancel(IntentChange(id: freshID(), token: token, sku: known, quantity: part)), broker)
        case 82..<85:
            let until = database.now.adding(seconds: Int64.random(in: -1...20, using: &random))
            publish(
                .extend(Extension(id: freshID(), token: token, sku: known, holdUntil: until)), broker)
        case 85..<87: if sku != skus.last { define(sku, broker, at: database.now, &random) }
        case 87..<93:
            let delta = Int64.random(in: -3...5, using: &random)
            if delta != 0 {
                publish(.adjust(Adjustment(id: freshID(), sku: sku, delta: delta, reason: "count")), broker)
            }
        case 93..<96: publishRubbish(broker, &random)
        default:
            // Published to a partition in which its SKU does not live.
            let command = Command.confirm(IntentChange(id: freshID(), token: token, sku: sku))
            let home = partitioning.partition(of: sku)
            published += 1
            broker.publish(delivery(command), to: (home + 1) % partitioning.count)
        }
    }

    /// A buyer is known by how many he wants; now and then he asks for less than the policy gives, or thinks again.
    private func wish(
        _ token: Token, _ sku: SKU, _ database: SimulatedDatabase, _ random: inout SplitMix64
    ) -> Submit {
        let units = Int64.random(in: 1...4, using: &random)
        let rule = random.chance(15) ? ShortageRule.allCases.randomElement(using: &random) : nil
        let older =
            random.chance(10) ? Token(unchecked: "t\(Int.random(in: 0..<60, using: &random))") : nil
        let buyer = older.flatMap { database.intents[$0]?.buyer } ?? Buyer(unchecked: "b\(units)")
        return Submit(
            token: token, sku: older.flatMap { database.intents[$0]?.sku } ?? sku,
            quantity: Quantity(unchecked: units), buyer: buyer, onShortage: rule, replaces: older)
    }

    /// Everybody asks once more, so that each token has an answer that nothing disturbs.
    mutating func retryEverything(_ broker: SimulatedBroker) {
        for (_, first) in firstWish.sorted(by: { $0.key < $1.key }) { publish(.submit(first.submit), broker) }
    }

    /// Whether a token names a message that kills its worker.
    static func isPoison(_ token: Token) -> Bool { token.text.hasPrefix("poison") }

    /// Whether a message left a trace: a decision, a result, or a dead letter.
    func isSettled(_ delivery: Delivery, _ database: SimulatedDatabase) -> Bool {
        if database.deadBodies.contains(delivery.body) { return true }
        guard
            let command = try? Command.read(
                type: delivery.type, messageID: delivery.messageID, contentType: nil, body: delivery.body)
        else { return false }
        if let token = command.token, command.id == nil { return database.intents[token] != nil }
        return command.id.map { database.results[$0] != nil } ?? false
    }

    private mutating func publish(_ command: Command, _ broker: SimulatedBroker) {
        published += 1
        let place = broker.publish(delivery(command), to: partitioning.home(of: command))
        sent.append(command)
        expected.insert("c\(published)")
        if case .submit(let submit) = command, firstWish[submit.token] == nil {
            firstWish[submit.token] = (submit, place)
        }
    }

    /// Several wishes in one message, some of them under one token.
    private mutating func publishBundle(
        to sku: SKU, _ broker: SimulatedBroker, _ random: inout SplitMix64
    ) {
        let submits = (0..<Int.random(in: 2...6, using: &random)).map { _ in
            let units = Int64.random(in: 1...4, using: &random)
            return Submit(
                token: Token(unchecked: "t\(Int.random(in: 0..<60, using: &random))"), sku: sku,
                quantity: Quantity(unchecked: units), buyer: Buyer(unchecked: "b\(units)"))
        }
        let bundle = submits.map { submit in
            published += 1
            expected.insert("c\(published)")
            sent.append(.submit(submit))
            return delivery(.submit(submit))
        }
        let places = broker.publish(bundle: bundle, to: partitioning.partition(of: sku))
        for (submit, place) in zip(submits, places) where firstWish[submit.token] == nil {
            firstWish[submit.token] = (submit, place)
        }
    }

    private mutating func publishRubbish(_ broker: SimulatedBroker, _ random: inout SplitMix64) {
        published += 1
        let bodies = [
            "", "{", "[]", #"{"token":"x"}"#, #"{"token":"x","sku":"hat","quantity":1e3,"buyer":"b"}"#,
        ]
        let body = bodies.randomElement(using: &random) ?? ""
        let partition = Int.random(in: 0..<partitioning.count, using: &random)
        broker.publish(
            Delivery(tag: 0, type: CommandKind.submit.rawValue, body: Array(body.utf8)), to: partition)
    }

    private func delivery(_ command: Command) -> Delivery {
        let correlation = "c\(published)"
        return Delivery(
            tag: 0, type: command.kind.rawValue, messageID: command.messageID, replyTo: "answers",
            correlationID: correlation, body: command.body,
            details: { DeliveryDetails(properties: "{\"correlation_id\":\"\(correlation)\"}") })
    }

    private mutating func freshID() -> CommandID {
        lastNumber += 1
        return CommandID(unchecked: "id\(lastNumber)")
    }
}
