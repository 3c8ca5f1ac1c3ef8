import Foundation
import Testing
import WeirTopology

private let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Topology").standardizedFileURL

private func files(in name: String) throws -> [String: String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: name).path)
    return try Dictionary(
        uniqueKeysWithValues: names.map {
            (
                String($0.dropLast(4)),
                try String(contentsOf: folder.appending(path: "\(name)/\($0)"), encoding: .utf8)
            )
        })
}

@Test func everyQueryFileIsListedAndEmbedded() throws {
    let embedded = Dictionary(uniqueKeysWithValues: Queries.all.map { ($0.name, $0.text) })
    #expect(try files(in: "queries") == embedded)
}

@Test func everyMigrationFileIsListedInOrderAndEmbedded() throws {
    let embedded = Dictionary(uniqueKeysWithValues: Migrations.all.map { ($0.name, $0.text) })
    #expect(try files(in: "migrations") == embedded)
    #expect(Migrations.all.map(\.name) == Migrations.all.map(\.name).sorted())
}

@Test func shippedDefinitionsAgreeWithTheTopology() throws {
    let shipped = try String(
        contentsOf: folder.appending(path: "rabbitmq/definitions.json"), encoding: .utf8)
    #expect(shipped == BrokerTopology(partitions: 8).definitions())
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(shipped.utf8)) }
}

@Test func intentQueuesRefuseRatherThanDrop() throws {
    let topology = BrokerTopology(partitions: 3)
    let queues = topology.queues.filter { $0.name.hasPrefix("weir.intents.") }
    #expect(queues.map(\.name) == ["weir.intents.p00", "weir.intents.p01", "weir.intents.p02"])
    for queue in queues {
        let arguments = Dictionary(uniqueKeysWithValues: queue.arguments.map { ($0.name, $0.value) })
        #expect(arguments["x-queue-type"] == .text("quorum"))
        #expect(arguments["x-single-active-consumer"] == .flag(true))
        #expect(arguments["x-overflow"] == .text("reject-publish"))
        #expect(arguments["x-dead-letter-strategy"] == .text("at-least-once"))
        #expect(arguments["x-delivery-limit"] == .integer(10_000))
    }
}

@Test func internalQueuesHaveNoLengthLimit() {
    for queue in BrokerTopology(partitions: 2).queues where queue.name.hasPrefix("weir.internal.") {
        #expect(!queue.arguments.contains { $0.name == "x-max-length" })
    }
}

@Test func aDotOfTheSKUStaysOneWordOfTheRoutingKey() {
    #expect(
        BrokerTopology.eventRoutingKey(type: "weir.sku.defined.v1", sku: "a.b..c")
            == "weir.sku.defined.v1.a%2Eb%2E%2Ec")
    #expect(BrokerTopology.eventRoutingKey(type: "t", sku: "abc") == "t.abc")
}

@Test func nobodyAtRunTimeMayChangeTheTopologyOrReadWhatIsNotHis() throws {
    func matches(_ expression: String, _ name: String) throws -> Bool {
        // As the broker asks: anywhere in the name.
        try name.firstMatch(of: Regex(expression)) != nil
    }
    let topology = BrokerTopology(partitions: 64)
    let names =
        topology.exchanges.map(\.name) + topology.queues.map(\.name) + ["amq.default", "amq.topic", "shop"]
    let (ingress, worker, admin) = (BrokerTopology.ingress, BrokerTopology.worker, BrokerTopology.admin)
    for name in names {
        let isWork = name.contains(".p")
        #expect(try !matches(ingress.configure, name) && !matches(worker.configure, name), "\(name)")
        #expect(try matches(ingress.write, name) == (name == "weir.intents"), "\(name)")
        #expect(try matches(ingress.read, name) == (name == "weir.events"), "\(name)")
        #expect(
            try matches(worker.write, name)
                == ["weir.events", "weir.internal", "amq.default"].contains(name),
            "\(name)")
        #expect(try matches(worker.read, name) == (isWork || name == "weir.dead"), "\(name)")
        for right in [admin.configure, admin.write, admin.read] {
            #expect(try matches(right, name) == name.hasPrefix("weir."), "\(name)")
        }
    }
    for name in ["weir.ingress.a1b2", "weir.ingress.a1b2.more"] {
        #expect(
            try matches(ingress.configure, name) && matches(ingress.write, name)
                && matches(ingress.read, name))
        for user in [worker, admin] {
            #expect(try ![user.configure, user.write, user.read].contains { try matches($0, name) })
        }
    }
    for name in ["weir.ingress.", "xweir.ingress.a", "weirXingress.a"] {
        #expect(try !matches(ingress.configure, name), "\(name)")
    }
}

@Test func theShippedUsersCannotLogIn() {
    #expect(
        BrokerTopology(partitions: 1).definitions().components(separatedBy: #""password_hash":"","#).count
            == 4)
    let one = BrokerTopology(partitions: 1).definitions(passwordHashes: ["weir-worker": "aGFzaA=="])
    #expect(one.contains(#"{"name":"weir-worker","password_hash":"aGFzaA==","#))
}
