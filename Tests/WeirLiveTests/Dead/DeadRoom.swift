import AMQPClient
import PostgresClient
import Testing
import WeirCore
import WeirPipeline
import WeirSandbox
import WeirTopology
import WeirWire

@testable import WeirLive

/// A room for dead letters: one place to make them, to send them again and to look at what became of them.
struct DeadRoom: Sendable {
    let room: LiveRoom
    let publisher: Publisher
    /// A SKU of partition 0 and one of partition 1.
    let sku: String
    let other: String

    static let me = Signature(who: "ann", why: "a test")

    static func make(_ sandbox: Sandbox? = nil) async throws -> DeadRoom {
        let room = try await LiveRoom.make(partitions: 2, sandbox)
        let publisher = room.publisher()
        #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
        return DeadRoom(room: room, publisher: publisher, sku: room.sku(in: 0), other: room.sku(in: 1))
    }

    func end() async throws {
        try await onThread { [publisher] in publisher.stop(drain: .zero) }
    }

    // MARK: Making letters

    /// A wish that is sent to the wrong partition, and so becomes a dead letter that a replay can save.
    func astray(_ token: String, _ units: Int64 = 1, sku: String? = nil) -> OutgoingMessage {
        var message = room.message(submit(token, sku ?? self.sku, units))
        let home = room.partitioning.partition(of: SKU(unchecked: sku ?? self.sku))
        message.routingKey = BrokerTopology.routingKey(1 - home)
        return message
    }

    /// A wish whose body no worker can read.
    func broken(_ token: String, quantity: String = "0") -> OutgoingMessage {
        var message = room.message(submit(token, sku))
        message.body = Array(
            #"{"token":"\#(token)","sku":"\#(sku)","quantity":\#(quantity),"buyer":"b"}"#.utf8)
        return message
    }

    /// Publishes and lets workers make of it what they must; ends once there are so many letters.
    func kill(_ messages: [OutgoingMessage], letters: Int? = nil) async throws {
        var rest = messages[...]
        while let first = rest.first {
            // Partitions do not wait for each other: for an order among letters, one after the other is filled.
            let together =
                letters == nil ? rest.prefix(while: { $0.routingKey == first.routingKey }) : rest
            rest = rest.dropFirst(together.count)
            for message in together { #expect(await publisher.publish(message) == .confirmed) }
            let goal = try room.count("select count(*) from dead_letter") + (letters ?? together.count)
            try await work {
                try await eventually { try room.count("select count(*) from dead_letter") >= goal }
            }
        }
    }

    /// Runs workers until a condition holds.
    func work(
        sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
    ) async throws {
        let pool = room.pool()
        pool.start()
        let holds = try await condition()
        try await onThread { pool.stop() }
        #expect(holds, "it did not come to that: \(pool.stopped)", sourceLocation: sourceLocation)
    }

    // MARK: Working with them

    /// Works with the table on a thread of its own.
    func shelf<Value: Sendable>(
        _ body: @escaping @Sendable (DeadLetterShelf) throws -> Value
    ) async throws -> Value {
        try await onThread { [room] in
            let shelf = try DeadLetterShelf(databaseURL: room.databaseURL)
            defer { shelf.close() }
            return try body(shelf)
        }
    }

    func list(_ filter: DeadLetterFilter = .any) async throws -> [DeadLetterView] {
        try await shelf { try $0.list(filter, limit: 1_000, bodies: true) }
    }

    func letter(_ token: String) async throws -> DeadLetterView {
        var filter = DeadLetterFilter.any
        filter.token = token
        return try #require(try await list(filter).first, "no letter of \(token)")
    }

    func newReplay(amqpURL: String? = nil) -> DeadLetterReplay {
        DeadLetterReplay(databaseURL: room.databaseURL, amqpURL: amqpURL ?? room.amqpURL, logger: .quiet)
    }

    @discardableResult
    func replay(
        _ filter: DeadLetterFilter = .init(), _ change: (inout ReplayOrder) -> Void = { _ in }
    ) async throws -> ReplayView {
        var order = ReplayOrder(filter, Self.me)
        change(&order)
        let replay = newReplay()
        return try await onThread { [order] in try replay.perform(.begin(order)) }
    }

    func history(_ id: Int64) async throws -> [DeadLetterAction] {
        try await shelf { try $0.history(of: id) }
    }

    /// The status of an intent, or nil when nobody has decided it.
    func status(_ token: String) throws -> String? {
        try room.texts("select status::text from intent where token = $1", [.text(token)]).first
    }
}

extension DeadLetterFilter {
    /// Every letter, whatever became of it.
    static var any: DeadLetterFilter {
        var filter = DeadLetterFilter()
        filter.state = nil
        return filter
    }
}
