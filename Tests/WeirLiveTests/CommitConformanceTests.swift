import Testing
import WeirCore
import WeirPipeline

/// What a commit refuses, and as what: the same from the database in memory and from the real one.
@Suite struct CommitConformance {
    @Test(arguments: Ports.allCases) func theHeadSaysWhoMayWrite(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            let late = try store.prepare([submit("late", "s0")], partition: 0)
            try store.decideByHand([define("s0", stocked: 1)])
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(late) } == .notOwner)
            // Nothing of it stays, and the session can still be used.
            #expect(try store.position().head == 1)
            #expect(try known(store, "late") == nil)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases)
    func whateverIsNotAsItWasReadIsReadAgain(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            try store.decideByHand([define("s0", stocked: 5, holdSeconds: 60), submit("t", "s0")])
            let cancel = Command.cancel(
                IntentChange(
                    id: CommandID(unchecked: "c"), token: Token(unchecked: "t"), sku: SKU(unchecked: "s0")))

            var knownToken = try store.prepare([submit("new", "s1")], partition: 0)
            knownToken.decision.decided = knownToken.decision.decided.map {
                Intent(
                    token: Token(unchecked: "t"), sku: $0.sku, quantity: $0.quantity, buyer: $0.buyer,
                    state: $0.state, reason: $0.reason, decidedAt: $0.decidedAt)
            }
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(knownToken) } == .retry)

            var movedVersion = try store.prepare([submit("new", "s0")], partition: 0)
            movedVersion.decision.stocks = movedVersion.decision.stocks.map {
                StockChange(versionBefore: 77, after: $0.after)
            }
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(movedVersion) } == .retry)

            var createdTwice = try store.prepare([submit("new", "s0")], partition: 0)
            createdTwice.decision.stocks = createdTwice.decision.stocks.map {
                StockChange(versionBefore: nil, after: $0.after)
            }
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(createdTwice) } == .retry)

            var movedState = try store.prepare([cancel], partition: 0)
            movedState.decision.changed = movedState.decision.changed.map {
                IntentTransition(stateBefore: .expired, after: $0.after)
            }
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(movedState) } == .retry)

            var knownCommand = try store.prepare([cancel], partition: 0)
            knownCommand.decision.results = knownCommand.decision.results.map {
                StoredResult(
                    id: CommandID(unchecked: "define-s0"), payload: $0.payload, result: $0.result)
            }
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(knownCommand) } == .retry)

            #expect(try store.position().head == 2)
            #expect(try known(store, "new") == nil)
            #expect(try known(store, "t")?.state == .reserved)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func aBrokenBalanceIsABug(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            try store.decideByHand([define("s0", stocked: 5)])
            var oversold = try store.prepare([submit("t", "s0")], partition: 0)
            oversold.decision.stocks = oversold.decision.stocks.map {
                var stock = $0.after
                stock.available -= 10
                stock.sold += 10
                return StockChange(versionBefore: $0.versionBefore, after: stock)
            }
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(oversold) } == .bug)
            var ahead = try store.prepare([submit("t", "s0")], partition: 0)
            ahead.published = ahead.decision.head + 1
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(ahead) } == .bug)
            #expect(try store.position().head == 1)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func theCursorMovesWithAndWithoutABatch(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            try store.decideByHand([define("s0", stocked: 5)])
            var write = try store.prepare([submit("t", "s0")], partition: 0)
            write.published = 1
            try store.commit(write)
            #expect(try store.position().published == 1)
            let cursor = BatchWrite(headBefore: 2, decision: Decision(head: 2), at: write.at, published: 2)
            try store.commit(cursor)
            #expect(try store.position().published == 2 && store.position().head == 2)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func theSameDeadLetterIsKeptOnce(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            func letter(_ body: String) -> DeadLetter {
                let delivery = Delivery(
                    tag: 1, exchange: "weir.intents", routingKey: "0", type: "a\u{0}b", body: Array(body.utf8)
                )
                return DeadLetter(reason: "r", detail: "d\u{0}", token: nil, sku: nil, delivery: delivery)
            }
            var write = BatchWrite(
                headBefore: 0, decision: Decision(head: 0), at: try store.position().now, published: 0)
            write.deadLetters = [letter("one"), letter("one"), letter("two")]
            try store.commit(write)
            #expect(try database.deadLetterCount() == 2)
            write.deadLetters = [letter("two"), letter("three")]
            try store.commit(write)
            #expect(try database.deadLetterCount() == 3)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases)
    func suspectsAreCountedPerPartitionAndCleared(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let (store, other) = (try database.open(0), try database.open(1))
            let (one, two): ([UInt8], [UInt8]) = ([0, 1], [0, 2])
            #expect(try store.noteSuspect(one) == 1)
            #expect(try store.noteSuspect(one) == 2)
            #expect(try store.noteSuspect(two) == 1)
            #expect(try other.noteSuspect(one) == 1)
            var write = BatchWrite(
                headBefore: 0, decision: Decision(head: 0), at: try store.position().now, published: 0)
            write.clearedSuspects = [one]
            try store.commit(write)
            #expect(try store.noteSuspect(one) == 1)
            #expect(try store.noteSuspect(two) == 2)
            #expect(try other.noteSuspect(one) == 2)
            store.close()
            other.close()
        }
    }

    private func known(_ store: any PartitionStore, _ token: String) throws -> Intent? {
        var request = SnapshotRequest()
        request.tokens = [Token(unchecked: token)]
        return try store.read(request).intents[Token(unchecked: token)]
    }
}
