import Testing
import WeirCore
import WeirPipeline

/// One suite for the database in memory and the real one: what the simulation proves holds only if they are alike.
@Suite struct StoreConformance {
    @Test(arguments: Ports.allCases) func aNewPartitionIsEmpty(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            let position = try store.position()
            #expect(position.head == 0 && position.published == 0)
            #expect(position.now.microseconds > 1_000_000_000_000_000)
            #expect(try store.nextDeadline() == nil)
            #expect(try store.readLog(after: 0, limit: 10).isEmpty)
            try store.ping()
            store.close()
        }
    }

    @Test(arguments: Ports.allCases)
    func whatWasCommittedIsReadBackExactly(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            let confirm = Command.confirm(change("c1", "t1"))
            let write = try store.decideByHand([
                define("s0", stocked: 3, holdSeconds: 60), submit("t1", "s0", 2), confirm,
                submit("t2", "s0", 1, buyer: "Zoë \u{1F600} o'Neill"), submit("t3", "s0", 5),
                submit("t4", "s1"),
            ])
            #expect(write.decision.decided.count == 4 && write.events.count == write.decision.head)
            var request = SnapshotRequest()
            request.skus = ["s0", "s1", "s2"].map { SKU(unchecked: $0) }
            request.tokens = ["t1", "t2", "t3", "t4", "t5"].map { Token(unchecked: $0) }
            request.commandIDs = ["define-s0", "c1", "c2"].map { CommandID(unchecked: $0) }
            let snapshot = try store.read(request)
            #expect(snapshot.head == write.decision.head)
            #expect(snapshot.now >= write.at)
            #expect(snapshot.due.isEmpty)
            #expect(
                snapshot.intents.values.sorted { $0.token < $1.token } == write.decision.decided)
            #expect(snapshot.stocks.values.map(\.self) == write.decision.stocks.map(\.after))
            #expect(snapshot.results.values.sorted { $0.id < $1.id } == write.decision.results)
            #expect(try store.readLog(after: 0, limit: 100) == write.events)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func dueHoldsComeInOrderAndWithTheirStock(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            let holds: [(String, Int64)] = [("s0", 300), ("s1", 100), ("s2", 200)]
            for (sku, seconds) in holds {
                try store.decideByHand([
                    define(sku, stocked: 9, holdSeconds: seconds), submit("b-\(sku)", sku),
                    submit("a-\(sku)", sku),
                ])
            }
            // A hold of another partition is none of ours.
            let other = try database.open(1)
            try other.decideByHand(
                [define("s4", stocked: 1, holdSeconds: 1), submit("x", "s4")], partition: 1)
            other.close()
            let now = try store.position().now
            #expect(try tokens(store, until: now, limit: 10) == [])
            #expect(try tokens(store, until: now.adding(seconds: 150), limit: 10) == ["a-s1", "b-s1"])
            let all = ["a-s1", "b-s1", "a-s2", "b-s2", "a-s0", "b-s0"]
            #expect(try tokens(store, until: now.adding(seconds: 400), limit: 10) == all)
            #expect(try tokens(store, until: now.adding(seconds: 400), limit: 3) == Array(all.prefix(3)))
            var request = SnapshotRequest()
            request.dueUntil = now.adding(seconds: 400)
            request.dueLimit = 3
            let snapshot = try store.read(request)
            #expect(Set(snapshot.stocks.keys.map(\.text)) == ["s1", "s2"])
            #expect(try store.nextDeadline() == snapshot.due.first?.holdUntil)
            // Once it is confirmed, a hold is due no more.
            try store.decideByHand([
                .confirm(change("c1", "a-s1", "s1")), .confirm(change("c2", "b-s1", "s1")),
            ])
            #expect(try tokens(store, until: now.adding(seconds: 150), limit: 10) == [])
            #expect(try store.nextDeadline() == snapshot.due.last?.holdUntil)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func theLogIsReadPageByPage(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            try store.decideByHand([define("s0", stocked: 10)] + (0..<9).map { submit("t\($0)", "s0") })
            #expect(try store.readLog(after: 0, limit: 4).map(\.seq) == [1, 2, 3, 4])
            #expect(try store.readLog(after: 4, limit: 4).map(\.seq) == [5, 6, 7, 8])
            #expect(try store.readLog(after: 8, limit: 4).map(\.seq) == [9, 10])
            #expect(try store.readLog(after: 10, limit: 4).isEmpty)
            store.close()
            let other = try database.open(1)
            #expect(try other.readLog(after: 0, limit: 4).isEmpty)
            other.close()
        }
    }

    @Test(arguments: Ports.allCases) func aPartitionHasOneSessionAtATime(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            #expect(kindOfFailure { () throws(StoreError) in _ = try database.open() } == .notOwner)
            let other = try database.open(1)
            store.close()
            #expect(kindOfFailure { () throws(StoreError) in _ = try store.position() } == .away)
            #expect(kindOfFailure { () throws(StoreError) in try store.ping() } == .away)
            store.close()
            try database.reopen().close()
            other.close()
        }
    }

    private func change(_ id: String, _ token: String, _ sku: String = "s0") -> IntentChange {
        IntentChange(
            id: CommandID(unchecked: id), token: Token(unchecked: token), sku: SKU(unchecked: sku))
    }

    private func tokens(_ store: any PartitionStore, until: Timestamp, limit: Int) throws -> [String] {
        var request = SnapshotRequest()
        request.dueUntil = until
        request.dueLimit = limit
        return try store.read(request).due.map(\.token.text)
    }
}
