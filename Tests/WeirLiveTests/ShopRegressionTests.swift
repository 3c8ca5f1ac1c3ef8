import AMQPClient
import PostgresClient
import Testing
import WeirCore
import WeirLive

/// What shops really hit: public bug reports of systems that do this job, each as a test against real servers.
@Suite struct ShopRegressions {
    private struct Shop: Sendable {
        let room: LiveRoom
        let owner: OwnerThread
        let publisher: Publisher

        static func open(holdSeconds: Int64, stocked: Int64 = 1) async throws -> Shop {
            let room = try await LiveRoom.make(partitions: 1)
            let shop = Shop(room: room, owner: OwnerThread(room, partition: 0), publisher: room.publisher())
            #expect(await shop.publisher.waitUntilReady(timeout: .seconds(10)))
            try await shop.send(define("s", stocked: stocked, holdSeconds: holdSeconds))
            return shop
        }

        func close() {
            publisher.stop(drain: .seconds(1))
            owner.stop()
        }

        func send(_ commands: Command...) async throws {
            for command in commands {
                #expect(await publisher.publish(room.message(command)) == .confirmed)
            }
        }

        func results(_ count: Int) async throws -> [String] {
            #expect(
                try await eventually {
                    try room.count("select count(*) from command where id like 'x%'") == count
                })
            return try room.texts(
                "select result::json->>'result' || coalesce(' ' || (result::json->>'reason'), '') from command"
                    + " where id like 'x%' order by id")
        }

        func becomes(_ token: String, _ status: String) async throws -> Bool {
            try await eventually {
                try room.count(
                    "select count(*) from intent where token = '\(token)' and status = '\(status)'") == 1
            }
        }

        func audit() throws -> Bool { try LiveAudit(databaseURL: room.databaseURL).run().holds }
    }

    private func change(_ id: String, _ token: String) -> IntentChange {
        IntentChange(id: CommandID(unchecked: id), token: Token(unchecked: token), sku: SKU(unchecked: "s"))
    }

    /// magento2#25653, medusa#16569, vendure#1738: two reservations at once get the last unit.
    @Test func twoReservationsForTheLastUnit() async throws {
        let shop = try await Shop.open(holdSeconds: 60)
        defer { shop.close() }
        try await shop.send(submit("a", "s"), submit("b", "s"))
        #expect(try await shop.becomes("b", "rejected"))
        #expect(try shop.room.count("select count(*) from intent where status = 'reserved'") == 1)
        #expect(try shop.audit())
    }

    /// medusa#12401, hipay-magento2#163: a failed payment releases twice, and reserved goes below zero.
    @Test func aDoubleRelease() async throws {
        let shop = try await Shop.open(holdSeconds: 60, stocked: 3)
        defer { shop.close() }
        try await shop.send(submit("a", "s", 2), submit("b", "s"))
        try await shop.send(
            .cancel(change("x1", "a")), .cancel(change("x2", "a")), .cancel(change("x1", "a")))
        #expect(try await shop.results(2) == ["done", "unchanged"])
        #expect(try shop.room.count("select held::int from sku") == 1)
        #expect(try shop.room.count("select available::int from sku") == 2)
        #expect(try shop.audit())
    }

    /// A payment that comes after the hold has ended takes the units again, since nobody else has.
    @Test func aLatePaymentWithUnitsLeft() async throws {
        let shop = try await Shop.open(holdSeconds: 1)
        defer { shop.close() }
        try await shop.send(submit("a", "s"))
        #expect(try await shop.becomes("a", "expired"))
        try await shop.send(.confirm(change("x1", "a")))
        #expect(try await shop.results(1) == ["done"])
        #expect(try shop.room.count("select sold::int from sku") == 1)
        #expect(try shop.audit())
    }

    /// vendure#3065: the order is paid, the stock is gone, the order is stuck. Here it is said: give the money back.
    @Test func aLatePaymentWithoutUnitsIsAShortfall() async throws {
        let shop = try await Shop.open(holdSeconds: 1)
        defer { shop.close() }
        try await shop.send(submit("a", "s"))
        #expect(try await shop.becomes("a", "expired"))
        try await shop.send(submit("b", "s"), .confirm(change("x1", "a")), .confirm(change("x2", "a")))
        #expect(try await shop.results(2) == ["refused shortfall", "refused shortfall"])
        #expect(try await shop.becomes("a", "expired"))
        #expect(
            try shop.room.count("select count(*) from event where type = 'weir.intent.shortfall.v1'") == 2)
        // A payment for what was never held takes nothing.
        try await shop.send(submit("c", "s", 9), .confirm(change("x3", "c")))
        #expect(try await shop.results(3).last == "refused wrong_state")
        #expect(try shop.audit())
    }

    /// saleor#11069: rows of stock stay locked while the payment provider is called. Here a payment holds no lock,
    /// no transaction and no connection: everybody else goes on meanwhile.
    @Test func noLockAcrossAPayment() async throws {
        let shop = try await Shop.open(holdSeconds: 60, stocked: 2)
        defer { shop.close() }
        try await shop.send(submit("paying", "s"))
        #expect(try await shop.becomes("paying", "reserved"))
        // The buyer is at the bank.
        let session = try shop.room.session()
        defer { session.close() }
        try session.execute(
            script: "begin; select * from sku, intent for update of sku, intent nowait; rollback;")
        let open =
            "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"
        #expect(try shop.room.count(open) == 0)
        try await shop.send(submit("other", "s"), .confirm(change("x1", "other")))
        #expect(try await shop.results(1) == ["done"])
        try await shop.send(.confirm(change("x2", "paying")))
        #expect(try await shop.results(2) == ["done", "done"])
        #expect(try shop.room.count("select sold::int from sku") == 2)
        #expect(try shop.audit())
    }
}
