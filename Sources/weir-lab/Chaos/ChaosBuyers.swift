import AMQPClient
import Logging
import Synchronization
import WeirSimulation
import WeirTopology

/// The load: buyers who want one thing or several together, insist, contradict themselves, pay, change their minds; a
/// clerk who restocks; a vandal.
final class ChaosBuyers: Sendable {
    static let skus = (0..<8).map { "sku-\($0)" }

    /// What somebody asks for.
    private struct Wish {
        let kind: ChaosHistory.Kind
        let token: String
        /// Empty for an order.
        var sku = ""
        let body: String
    }

    private let client: ChaosClient
    private let history: ChaosHistory
    private let isOver = Atomic(false)

    init(_ client: ChaosClient, _ history: ChaosHistory) {
        self.client = client
        self.history = history
    }

    /// Everybody ends with what is under way.
    func finish() { isOver.store(true, ordering: .relaxed) }

    private var goesOn: Bool { !isOver.load(ordering: .relaxed) }

    /// Defines what is sold: half of it is final at once, half is held for two seconds.
    func openShop() async throws {
        for (number, sku) in Self.skus.enumerated() {
            let body = #"{"stocked":400,"hold_seconds":\#(number.isMultiple(of: 2) ? 0 : 2)}"#
            for attempt in 0... {
                let reply = await client.ask("PUT", "/v1/skus/\(sku)", body: body, wait: 10)
                if reply.status == 200 || reply.status == 201 { break }
                guard attempt < 50 else { throw LabError("\(sku) could not be defined: \(reply.status)") }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// One buyer's day.
    func buy(_ number: Int, seed: UInt64) async {
        var random = SplitMix64(seed: seed &+ UInt64(number) &* 7_919)
        var known: [Wish] = []
        var orders: [Wish] = []
        var next = 0
        while goesOn {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<48:
                next += 1
                let sku = Self.skus.randomElement(using: &random) ?? ""
                let units = Int.random(in: 1...3, using: &random)
                let wish = Wish(
                    kind: .intent, token: "b\(number)-\(next)", sku: sku,
                    body: #"{"sku":"\#(sku)","quantity":\#(units),"buyer":"buyer-\#(number)"}"#)
                // One that the gate refused is not known: another payload under its token is the first one.
                if await insist(wish, wait: Bool.random(using: &random) ? 5 : nil) { known.append(wish) }
            case 48..<60:
                next += 1
                let order = order("o\(number)-\(next)", of: number, &random)
                if await insist(order, wait: Bool.random(using: &random) ? 5 : nil) { orders.append(order) }
            case 60..<72:
                let again = Bool.random(using: &random) ? known : orders
                if let wish = again.randomElement(using: &random) { _ = await insist(wish, wait: 2) }
            case 72..<80:
                guard let wish = known.randomElement(using: &random) else { continue }
                let other = #"{"sku":"\#(wish.sku)","quantity":9,"buyer":"buyer-\#(number)"}"#
                let reply = await client.ask("POST", "/v1/intents", body: other, key: wish.token, wait: 2)
                history.count(reply)
                if reply.status == 200 {
                    history.contradict(
                        "\(wish.token) was answered although it was asked for with another payload")
                }
            case 80..<96:
                let mine = Int.random(in: 0..<3, using: &random) == 0 ? orders : known
                guard let wish = mine.last else { continue }
                let verb = Int.random(in: 0..<3, using: &random) == 0 ? "cancel" : "confirm"
                let path = "/v1/\(wish.kind.rawValue)/\(wish.token)/\(verb)"
                let sku = wish.kind == .intent ? "?sku=\(wish.sku)" : ""
                history.count(await client.ask("POST", path + sku, key: "\(verb)-\(wish.token)", wait: 2))
            default:
                let sku = Self.skus.randomElement(using: &random) ?? ""
                next += 1
                history.count(
                    await client.ask(
                        "POST", "/v1/skus/\(sku)/adjustments", body: #"{"delta":5,"reason":"delivery"}"#,
                        key: "restock-\(number)-\(next)", wait: 2))
            }
        }
    }

    /// One or two of each of two or three SKUs, all or nothing.
    private func order(_ token: String, of number: Int, _ random: inout SplitMix64) -> Wish {
        let lines = Self.skus.shuffled(using: &random).prefix(Int.random(in: 2...3, using: &random)).map {
            #"{"sku":"\#($0)","quantity":\#(Int.random(in: 1...2, using: &random))}"#
        }
        return Wish(
            kind: .order, token: token,
            body: #"{"buyer":"buyer-\#(number)","lines":[\#(lines.joined(separator: ","))]}"#)
    }

    /// Sends a wish under its token until it is accepted.
    private func insist(_ wish: Wish, wait: Int?) async -> Bool {
        history.send(wish.kind, wish.token, wish.sku)
        let deadline = ContinuousClock.now + .seconds(180)
        while ContinuousClock.now < deadline {
            let path = "/v1/\(wish.kind.rawValue)"
            let reply = await client.ask("POST", path, body: wish.body, key: wish.token, wait: wait)
            history.note(wish.kind, wish.token, reply)
            // The gate states no outcome, and accepts nothing.
            if (200..<300).contains(reply.status) { return true }
            if reply.status == 409 { return false }
            try? await Task.sleep(for: .milliseconds(150))
        }
        return false
    }

    /// Publishes what nobody can read, straight to the exchange.
    func vandalize(_ amqpURL: String, partitions: Int) async {
        let publisher = Publisher(
            settings: .init(amqp: AMQPSettings(url: amqpURL, connectionName: "chaos vandal")),
            logger: Logger(label: "chaos") { _ in SwiftLogNoOpLogHandler() })
        var number = 0
        while goesOn {
            number += 1
            let body = "rubbish-\(number)"
            let outcome = await publisher.publish(
                OutgoingMessage(
                    exchange: BrokerTopology.intents,
                    routingKey: BrokerTopology.routingKey(number % partitions),
                    properties: MessageProperties(
                        contentType: "application/json", type: "weir.intent.submit.v1", deliveryMode: 2),
                    body: Array(body.utf8)))
            if outcome == .confirmed { history.confirmRubbish(body) }
            try? await Task.sleep(for: .milliseconds(250))
        }
        await onThread { publisher.stop(drain: .seconds(1)) }
    }
}

/// Runs what blocks on a thread of its own.
func onThread(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { done in
        _ = DedicatedThread(name: "chaos") {
            body()
            done.resume()
        }
    }
}
