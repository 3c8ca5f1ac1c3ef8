import Testing
import WeirLive
import WeirSandbox
import WeirTopology

@testable import AMQPClient

/// The binary with everything locked: TLS on every connection, a key on every request, a broker user for each role.
@Suite(.serialized) struct SecuredShopTests {
    @Test func aShopWorksWithEveryDoorLocked() async throws {
        try await SecuredShop.with { shop in
            try sellsAndRefuses(shop)
            try sellsOrders(shop)
            try refusesTheWrongAuthorityHostAndScheme(shop)
            try await usersMayNotDoMoreThanTheirPart(shop)
            try sheddingSecretsNowhere(shop)
            #expect(shop.ingress.stop() == 0)
            #expect(shop.worker.stop() == 0)
        }
    }

    private func sellsAndRefuses(_ shop: SecuredShop) throws {
        #expect(try shop.run(["sku", "put", "tea", "--stocked", "5", "--hold-seconds", "60"]).code == 0)
        let bought = try shop.run(["intent", "submit", "tea", "--buyer", "ada", "--token", "t1"])
        #expect(bought.code == 0 && bought.output.contains("reserved"), "\(bought.errors)")
        let confirmed = try shop.run(["intent", "confirm", "t1"])
        #expect(confirmed.code == 0 && confirmed.output.contains("confirmed"), "\(confirmed.errors)")
        let load = try shop.run(["load", "--clients", "4", "--intents", "40", "--define", "100", "--json"])
        #expect(load.code == 0, "\(load.errors)\(load.output)")

        let without = try shop.run(["sku", "list"], ["WEIR_API_KEY": ""])
        #expect(without.code == 1 && without.errors.contains("WEIR_API_KEY"), "\(without.errors)")
        let wrong = try shop.run(["sku", "list", "--api-key", APIKey().text])
        #expect(wrong.code == 1 && wrong.errors.contains("HTTP 401"), "\(wrong.errors)")
    }

    /// Several SKUs under one token, over a broker whose internal queues only the worker may write.
    private func sellsOrders(_ shop: SecuredShop) throws {
        for sku in ["cups", "saucers", "spoons", "pots"] {
            #expect(try shop.run(["sku", "put", sku, "--stocked", "5", "--hold-seconds", "60"]).code == 0)
        }
        let order = [
            "order", "submit", "cups=2", "saucers=2", "spoons", "pots", "--buyer", "ada", "--token", "o1",
        ]
        let bought = try shop.run(order)
        #expect(bought.code == 0 && bought.output.contains("o1  reserved  held until "), "\(bought.errors)")
        #expect(bought.output.contains("\n  2  reserved  2 of saucers\n"), "\(bought.output)")
        // It was gathered, so its lines do not all live together.
        let shown = try shop.run(["order", "show", "o1", "--json"])
        #expect(shown.output.contains(#""version":2"#), "\(shown.output)")
        let short = try shop.run(["order", "submit", "cups=4", "pots", "--buyer", "ada", "--token", "o2"])
        #expect(
            short.code == 0 && short.output.contains("o2  rejected (order_incomplete)"), "\(short.output)")
        #expect(short.output.contains("rejected (sold_out)  4 of cups"), "\(short.output)")
        let confirmed = try shop.run(["order", "confirm", "o1"])
        #expect(confirmed.code == 0 && confirmed.output.contains("o1  confirmed"), "\(confirmed.errors)")
        let less = try shop.run(["order", "cancel", "o1", "--line", "2"])
        #expect(less.output.contains("o1  confirmed") && less.output.contains("2  cancelled  2 of saucers"))
        let gone = try shop.run(["order", "cancel", "o1"])
        #expect(gone.code == 0 && gone.output.contains("o1  cancelled"), "\(gone.errors)")
        for (arguments, code, words) in [
            (["order", "show", "none"], 1, "no order"),
            (["order", "extend", "o1", "--until", "soon"], 1, "hold_until"),
            (["order", "cancel", "o1", "--line", "9"], 1, "no such line"),
            (["order", "submit", "cups=none", "--buyer", "b"], 64, "SKU=QUANTITY"),
        ] as [([String], Int32, String)] {
            let refused = try shop.run(arguments)
            #expect(refused.code == code && refused.errors.contains(words), "\(arguments): \(refused.errors)")
        }
    }

    private func refusesTheWrongAuthorityHostAndScheme(_ shop: SecuredShop) throws {
        let cases: [([String: String], code: Int32, words: String)] = [
            (["WEIR_CA_FILE": shop.tls.strangersFile], 69, "not from an authority that is trusted"),
            (["WEIR_CA_FILE": ""], 69, "not from an authority that is trusted"),
            (["WEIR_CA_FILE": "/nowhere.pem"], 64, "'/nowhere.pem'"),
            (["WEIR_URL": "https://127.0.0.1:\(shop.port)"], 69, "for another host"),
            (["WEIR_URL": "http://localhost:\(shop.port)"], 1, "begin the URL with https://"),
            (["WEIR_URL": "https://localhost:\(shop.sandbox.postgres.port)"], 69, "TLS"),
        ]
        for (changes, code, words) in cases {
            let run = try shop.run(["sku", "list"], changes)
            #expect(run.code == code && run.errors.contains(words), "\(changes): \(run.code) \(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
        // The servers behind: each with its sentence, before anything is served.
        let good = SecuredShop.environment(shop.secured, "weir-worker")
        let servers: [(String, (String) -> String, words: String)] = [
            (
                "AMQP_URL", { $0.replacing(shop.tls.authoritiesFile, with: shop.tls.strangersFile) },
                "not from an authority"
            ),
            ("AMQP_URL", { $0.replacing("@localhost", with: "@127.0.0.1") }, "another host"),
            ("AMQP_URL", { String($0.replacing("amqps", with: "amqp").prefix { $0 != "?" }) }, "amqps://"),
            ("AMQP_URL", { String($0.prefix { $0 != "?" }) }, "cacertfile"),
            (
                "DATABASE_URL", { $0.replacing(shop.tls.authoritiesFile, with: shop.tls.strangersFile) },
                "certificate"
            ),
            ("DATABASE_URL", { $0.replacing("@localhost", with: "@127.0.0.1") }, "does not match host name"),
        ]
        for (name, change, words) in servers {
            let run = try Run(
                ["serve", "--role", "worker"], good.merging([name: change(good[name] ?? "")]) { $1 })
            // An address that leaves out whom to trust is none: that is seen without asking anybody.
            let codes: [Int32] = words == "cacertfile" ? [64] : [1, 69]
            #expect(codes.contains(run.code), "\(run.code) \(run.errors)")
            #expect(run.errors.contains(words), "\(words): \(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
    }

    /// Publishes to an exchange and waits for what the broker has against it, which comes by itself.
    private func publish(_ exchange: String, _ queue: String) -> Deed {
        Deed("publish to '\(exchange)'") { connection in
            let message = OutgoingMessage(
                exchange: exchange, routingKey: queue, body: Array("{}".utf8), mandatory: false)
            try connection.send(message, headerSize: 0)
            _ = try connection.nextDelivery(wait: .seconds(5))
        }
    }

    /// What each user is refused, on the real broker. That they may do their part is what the shop has shown.
    private func usersMayNotDoMoreThanTheirPart(_ shop: SecuredShop) async throws {
        let queue = BrokerTopology.intentsQueue(0)
        let internalQueue = BrokerTopology.internalQueue(0)
        let reading: [Deed] = [queue, internalQueue, BrokerTopology.dead].flatMap { name in
            [
                Deed("get \(name)") { _ = try $0.get(queue: name) },
                Deed("consume \(name)") { _ = try $0.consume(queue: name) },
                Deed("purge \(name)") { _ = try $0.purgeQueue(name) },
            ]
        }
        let changing: [Deed] = [
            Deed("delete") { _ = try $0.deleteQueue(queue) },
            Deed("delete events") { try $0.deleteExchange(BrokerTopology.events) },
            Deed("declare") { _ = try $0.declareQueue(name: "weir.intents.p99") },
            Deed("declare any") { _ = try $0.declareQueue(name: "shop") },
            Deed("declare an exchange") { try $0.declareExchange(name: "weir.shop", type: "fanout") },
            Deed("unbind") {
                try $0.unbindQueue(queue: queue, exchange: BrokerTopology.intents, routingKey: "0")
            },
            Deed("bind") { try $0.bindQueue(queue: queue, exchange: BrokerTopology.events, routingKey: "#") },
        ]
        let publishing = [BrokerTopology.events, BrokerTopology.internal, ""].map { publish($0, queue) }
        let forbidden: [(user: String, deeds: [Deed])] = [
            (
                "weir-ingress",
                reading + changing + publishing
            ),
            (
                "weir-worker",
                changing + [
                    publish(BrokerTopology.intents, queue),
                    Deed("make an ingress's queue") { _ = try $0.declareQueue(name: "weir.ingress.x") },
                ]
            ),
            (
                "weir-admin",
                [Deed("declare any") { _ = try $0.declareQueue(name: "shop") }, publish("", queue)]
            ),
        ]
        for (user, deeds) in forbidden {
            let url = shop.amqpURL(user)
            for deed in deeds {
                let error = try await onThread { () throws -> AMQPError? in
                    let connection = try Connection(AMQPSettings(url: url, connectionName: "test"))
                    defer { connection.close() }
                    do {
                        try deed.act(connection)
                        return nil
                    } catch let error as AMQPError {
                        return error
                    }
                }
                #expect(error?.kind == .refused, "\(user) may \(deed.what): \(String(describing: error))")
            }
        }
        let findings = try TopologyTool(amqpURL: shop.amqpURL("weir-worker"), partitions: 2).check()
        #expect(findings.faults.isEmpty && !findings.comparedArguments)
        let compared = try TopologyTool(amqpURL: shop.amqpURL("weir-admin"), partitions: 2).check()
        #expect(compared.faults.isEmpty && compared.comparedArguments)
        let lacking = try TopologyTool(amqpURL: shop.amqpURL("weir-worker"), partitions: 3).check()
        #expect(lacking.faults.contains("queue weir.intents.p02 is missing"))
    }

    private func sheddingSecretsNowhere(_ shop: SecuredShop) throws {
        for log in [shop.ingress.log, shop.worker.log] {
            for secret in SecuredShop.passwords.values.map({ $0 }) + [String(shop.key.suffix(20))] {
                #expect(!log.contains(secret))
            }
            #expect(!log.isEmpty)
        }
    }
}

/// What somebody tries to do on the broker.
private struct Deed: Sendable {
    let what: String
    let act: @Sendable (Connection) throws -> Void

    init(_ what: String, _ act: @escaping @Sendable (Connection) throws -> Void) {
        self.what = what
        self.act = act
    }
}

/// Runs blocking code on a thread with a stack for librabbitmq.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        _ = DedicatedThread(name: "test") { continuation.resume(with: Swift.Result { try body() }) }
    }
}
