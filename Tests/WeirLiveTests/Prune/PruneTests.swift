import PostgresClient
import Testing
import WeirCore
import WeirPipeline

@testable import WeirLive

/// What goes, what stays, and what a prune must never do.
@Suite struct PruneTests {
    /// One intent of every state, all of them old; afterwards something young.
    private static func ages(_ desk: PruneRoom) throws -> Timestamp {
        try desk.decide(
            define("tea", stocked: 10, id: "d") { $0.onShortage = .waitlist },
            define("quick", stocked: 10, id: "q") { $0.holdSeconds = 1 }, submit("held", "tea"),
            submit("sold", "tea", 2), submit("given-up", "tea"), submit("part", "tea", 3),
            submit("late", "quick"))
        try desk.decide(confirm("sold", "tea"), confirm("part", "tea"), cancel("given-up", "tea"))
        try desk.decide(
            cancel("part", "tea", 1), submit("most", "tea", 5), submit("waits", "tea", 2),
            submit("gone", "none"))
        try desk.expire()
        let moment = try desk.now()
        try desk.decide(submit("young", "none"))
        try desk.publish()
        return moment
    }

    @Test func whatIsOldGoesAndWhatIsAliveOrSoldStays() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        let moment = try Self.ages(desk)
        try desk.expectPromisesKept()
        let head = try desk.room.count("select head from partition")
        let foreseen = try Prune(databaseURL: desk.room.databaseURL).foresee(PruneOrder(before: moment))
        #expect(try desk.room.count("select count(*) from event") == head)

        let report = try desk.prune(moment)
        #expect(report.isWhole && report.events == head - 1 && report.parts.map(\.to) == [Int64(head - 1)])
        #expect(report.intents == [.cancelled: 1, .expired: 1, .rejected: 1])
        #expect(report.commands == 6)
        #expect(report == foreseen)
        #expect(
            try desk.statuses() == [
                "held reserved", "most reserved", "part confirmed", "sold confirmed", "waits waitlisted",
                "young rejected",
            ])
        #expect(try desk.room.count("select count(*) from event") == 1)
        #expect(try desk.room.count("select count(*) from command") == 0)
        try desk.expectPromisesKept()

        // What stayed can do all that it could before.
        try desk.decide(
            cancel("sold", "tea", id: "c-1"), cancel("part", "tea", 1, id: "c-2"), confirm("held", "tea"),
            confirm("most", "tea"))
        #expect(try desk.outcome(of: "waits") == "reserved")
        try desk.expectPromisesKept()
        try desk.publish()
        let second = try desk.prune(try desk.now())
        #expect(second.intents == [.cancelled: 1, .rejected: 1])
        try desk.expectPromisesKept()
        desk.store.close()
    }

    @Test func nothingBeyondTheCursorGoes() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 2))
        let (sku, other) = (desk.room.sku(in: 0), desk.room.sku(in: 1))
        let second = try desk.room.openStore(1)
        try desk.decide(define(sku, stocked: 1), submit("a", sku), submit("b", sku), submit("c", sku))
        try second.decideByHand(
            [define(other, stocked: 1), submit("x", other), submit("y", other)], partition: 1)
        try desk.decide(submit("d", sku))
        // Of the first partition the broker has confirmed a part of a batch, of the second nothing.
        try desk.room.execute("update partition set published = 3 where partition = 0")
        #expect(try desk.prune(try desk.now()).parts.map(\.to) == [0, 0])
        #expect(try desk.room.count("select count(*) from command") == 2)
        try desk.room.execute("update partition set published = 5 where partition = 0")
        let report = try desk.prune(try desk.now())
        #expect(report.parts.map(\.to) == [5, 0])
        #expect(report.intents == [.rejected: 2] && report.commands == 1)
        #expect(try desk.room.count("select count(*) from event where partition = 0") == 1)
        #expect(try desk.room.count("select count(*) from event where partition = 1") == 4)
        try desk.expectPromisesKept()
        // What the publisher still needs is there.
        #expect(try desk.store.readLog(after: 5, limit: 10).map(\.seq) == [6])
        #expect(try second.readLog(after: 0, limit: 10).count == 4)
        desk.store.close()
        second.close()
    }

    @Test func salesGoOnlyWhenTheyAreSaidToBeFinal() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(define("tea", stocked: 10, id: "d") { $0.holdSeconds = 0 }, submit("first", "tea", 2))
        let moment = try desk.now()
        try desk.decide(submit("second", "tea", 3))
        try desk.publish()
        #expect(try desk.prune(try desk.now()).forgotten == 0)
        // Only the first one was confirmed before the moment; its events are gone already.
        let order = PruneOrder(before: try desk.now(), soldBefore: moment)
        #expect(
            try Prune(databaseURL: desk.room.databaseURL).foresee(order).intents[.confirmed] == 1)
        #expect(try desk.prune(order.before, sold: moment).intents == [.confirmed: 1])
        #expect(try desk.statuses() == ["second confirmed"])
        #expect(try desk.room.texts("select sold || ' ' || available from sku") == ["5 5"])
        try desk.expectPromisesKept()
        // Both ways in one: the events of a third one go with it.
        try desk.decide(submit("third", "tea", 1))
        try desk.publish()
        let now = try desk.now()
        #expect(try desk.prune(now, sold: now).intents == [.confirmed: 2])
        try desk.decide(cancel("third", "tea"), submit("fourth", "tea", 4), submit("fifth", "tea", 1))
        #expect(try desk.outcome(of: "fifth") == "rejected sold_out")
        #expect(try desk.room.texts("select sold || ' ' || available from sku") == ["10 0"])
        try desk.expectPromisesKept()
        desk.store.close()
    }

    @Test(arguments: [true, false]) func aBuyersTotalOutlivesItsSales(_ countsFromTheBeginning: Bool)
        async throws
    {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(
            define("tea", stocked: 10, id: "d-1") {
                $0.holdSeconds = 0
                $0.maxPerBuyer = countsFromTheBeginning ? 3 : nil
            }, submit("a", "tea", 2, buyer: "ann"), submit("b", "tea", 1, buyer: "bob"))
        try desk.publish()
        let now = try desk.now()
        #expect(try desk.prune(now, sold: now).intents == [.confirmed: 2])
        if !countsFromTheBeginning {
            // The limit and the first wish under it in one batch: the sums come from what the prune left.
            try desk.decide(
                define("tea", stocked: 0, id: "d-2") {
                    $0.holdSeconds = 0
                    $0.maxPerBuyer = 3
                }, submit("c", "tea", 2, buyer: "ann"))
        } else {
            try desk.decide(submit("c", "tea", 2, buyer: "ann"))
        }
        #expect(try desk.outcome(of: "c") == "rejected buyer_limit")
        try desk.decide(submit("d", "tea", 1, buyer: "ann"), submit("e", "tea", 3, buyer: "bob"))
        #expect(try desk.outcome(of: "d") == "confirmed")
        #expect(try desk.outcome(of: "e") == "rejected buyer_limit")
        #expect(
            try desk.room.texts("select buyer || units from buyer_total order by 1") == ["ann3", "bob1"])
        try desk.expectPromisesKept()
        desk.store.close()
    }

    @Test func aTokenThatWasPrunedIsNew() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(
            define("tea", stocked: 5), submit("t", "tea", 9),
            .adjust(
                Adjustment(
                    id: CommandID(unchecked: "more"), sku: SKU(unchecked: "tea"), delta: 2, reason: "r")))
        try desk.publish()
        #expect(try desk.prune(try desk.now()).intents == [.rejected: 1])
        try desk.decide(
            submit("t", "tea", 1, buyer: "somebody else"),
            .adjust(
                Adjustment(
                    id: CommandID(unchecked: "more"), sku: SKU(unchecked: "tea"), delta: 2, reason: "r")))
        #expect(try desk.outcome(of: "t") == "confirmed")
        #expect(try desk.room.count("select stocked from sku") == 9)
        try desk.expectPromisesKept()
        // And once again the second life is over.
        try desk.decide(cancel("t", "tea"))
        try desk.publish()
        #expect(try desk.prune(try desk.now()).intents == [.cancelled: 1])
        try desk.decide(submit("t", "tea", 3))
        #expect(try desk.outcome(of: "t") == "confirmed")
        try desk.expectPromisesKept()
        desk.store.close()
    }

    /// As long as the log tells that somebody paid too late, the expired intent is there to be compared with it.
    @Test func anIntentThatWasPaidTooLateIsKeptAsLongAsTheLogTellsOfIt() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(
            define("tea", stocked: 1, id: "d") { $0.holdSeconds = 1 }, submit("late", "tea"))
        try desk.expire()
        let moment = try desk.now()
        try desk.decide(
            submit("other", "tea"), confirm("other", "tea"), confirm("late", "tea"),
            confirm("late", "tea", id: "once more"))
        let shortfalls = "select count(*) from event where type = 'weir.intent.shortfall.v1'"
        #expect(
            try desk.room.count(shortfalls) == 2 && desk.room.count("select count(*) from late_payment") == 2)
        try desk.publish()
        let foreseen = try Prune(databaseURL: desk.room.databaseURL).foresee(PruneOrder(before: moment))
        let report = try desk.prune(moment)
        #expect(report.events > 0 && report.forgotten == 0 && report == foreseen)
        #expect(try desk.statuses() == ["late expired", "other confirmed"])
        try desk.expectPromisesKept()
        // What the log tells of it is compared: nothing passes because it is old.
        try desk.room.execute(
            "create table saved as table checkpoint_intent; delete from checkpoint_intent where token = 'late'; delete from intent where token = 'late'"
        )
        #expect(try desk.audit().log.broken > 0)
        try desk.room.execute("insert into checkpoint_intent select * from saved where token = 'late'")
        try desk.room.execute(
            """
            insert into intent (decided_at, quantity, status, partition, token, sku, buyer)
            select decided_at, quantity, status, partition, token, sku, buyer from saved where token = 'late'
            """)
        try desk.expectPromisesKept()
        let now = try desk.now()
        let last = try Prune(databaseURL: desk.room.databaseURL).foresee(PruneOrder(before: now))
        #expect(try desk.prune(now) == last && last.intents == [.expired: 1])
        #expect(try desk.room.count("select count(*) from late_payment") == 0)
        try desk.decide(confirm("late", "tea", id: "again"), submit("late", "tea", 7))
        #expect(try desk.outcome(of: "late") == "rejected sold_out")
        try desk.expectPromisesKept()
        desk.store.close()
    }

    /// A batch that tells of a late payment, and commits when a prune has forgotten the intent: it is decided again.
    @Test func aLatePaymentOfWhatWasForgottenMeanwhileIsDecidedAgain() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(
            define("tea", stocked: 1, id: "d") { $0.holdSeconds = 1 }, submit("late", "tea"))
        try desk.expire()
        try desk.decide(submit("other", "tea"), confirm("other", "tea"))
        try desk.publish()
        let write = try desk.store.prepare([confirm("late", "tea")], partition: 0)
        #expect(try desk.prune(try desk.now()).intents == [.expired: 1])
        do throws(StoreError) {
            try desk.store.commit(write)
            Issue.record("it must not commit")
        } catch {
            #expect(error.kind == .retry, "\(error)")
        }
        try desk.decide(confirm("late", "tea"))
        #expect(
            try desk.room.texts("select body from event where type = 'weir.command.answered.v1'").first?
                .contains("unknown_token") == true)
        try desk.expectPromisesKept()
        desk.store.close()
    }

    /// A late payment that is committed when the forgetting has begun, and before it comes to the row: the intent's row is
    /// free by then, and the note of it cannot be seen yet. Here the row's going itself brings the note, the first time.
    @Test func anIntentThatIsPaidWhileItGoesIsLookedAtAgain() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(
            define("tea", stocked: 1, id: "d") { $0.holdSeconds = 1 }, submit("late", "tea"))
        try desk.expire()
        try desk.publish()
        try desk.room.execute(
            """
            create sequence attempt;
            create function tell() returns trigger language plpgsql as $$
            begin
                if nextval('attempt') = 1 then
                    insert into late_payment (seq, partition, token) values (99, old.partition, old.token);
                end if;
                return old;
            end $$;
            create trigger tell before delete on intent for each row execute function tell();
            """)
        #expect(try desk.prune(try desk.now()).intents == [.expired: 1])
        #expect(try desk.room.count("select last_value from attempt") == 2)
        #expect(try desk.room.count("select count(*) from late_payment") == 0, "it tells of nobody")
        try desk.expectPromisesKept()
        desk.store.close()
    }

    /// A log from before it was noted which payments came too late: the first prune forgets the intent in one piece, and
    /// meets the payment in the next.
    @Test func aLatePaymentFromBeforeTheyWereNotedMayOutliveItsIntent() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(
            define("tea", stocked: 1, id: "d") { $0.holdSeconds = 1 }, submit("late", "tea"))
        try desk.expire()
        try desk.decide(submit("other", "tea"), confirm("other", "tea"), confirm("late", "tea"))
        try desk.publish()
        try desk.room.execute(
            """
            delete from late_payment;
            update migration set applied_at = clock_timestamp() where name = 'm0009_prune_orders';
            """)
        try desk.expectPromisesKept()
        // Batch by batch: the expiry goes before the payment.
        let report = try desk.prune(try desk.now(), step: 1)
        #expect(report.isWhole && report.intents == [.expired: 1])
        #expect(try desk.room.count("select count(*) from event") == 0)
        try desk.expectPromisesKept()
        desk.store.close()
    }

    @Test func whoStandsInLineIsServedInOrderBehindThePrune() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(
            define("tea", stocked: 1, id: "d") {
                $0.onShortage = .waitlist
                $0.lowStockAt = 3
            }, submit("has", "tea"), submit("w1", "tea"), submit("w2", "tea"), submit("w3", "tea"),
            submit("w4", "tea"))
        try desk.decide(cancel("w2", "tea"))
        try desk.publish()
        #expect(try desk.prune(try desk.now()).intents == [.cancelled: 1])
        try desk.decide(
            .adjust(
                Adjustment(
                    id: CommandID(unchecked: "more"), sku: SKU(unchecked: "tea"), delta: 2, reason: "r")),
            submit("w5", "tea"))
        #expect(
            try desk.statuses() == [
                "has reserved", "w1 reserved", "w3 reserved", "w4 waitlisted", "w5 waitlisted",
            ])
        try desk.expectPromisesKept()
        // In the table one would have been served before his turn.
        try desk.room.execute("update checkpoint_intent set place = 9 - place where token in ('w3', 'w4')")
        #expect(try desk.audit().log.broken > 0)
        desk.store.close()
    }

    @Test func whatIsBrokenIsNotPruned() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(define("tea", stocked: 5), submit("a", "tea"), submit("b", "tea", 9))
        try desk.publish()
        let before = try desk.everything()
        for (damage, repair) in [
            (
                "update event set body = replace(body, '\"available\":4', '\"available\":3') where seq = 2",
                "update event set body = replace(body, '\"available\":3', '\"available\":4') where seq = 2"
            ),
            (
                "update intent set status = 'cancelled', reason = null where token = 'b'",
                "update intent set status = 'rejected', reason = 'sold_out' where token = 'b'"
            ),
            ("update event set seq = -2 where seq = 2", "update event set seq = 2 where seq = -2"),
            (
                "update intent set token = 'x' where token = 'a'",
                "update intent set token = 'a' where token = 'x'"
            ),
        ] {
            try desk.room.execute(damage)
            #expect(throws: PruneError.self, "\(damage)") { try desk.prune(try desk.now()) }
            try desk.room.execute(repair)
            #expect(try desk.everything() == before, "\(damage)")
        }
        #expect(try desk.prune(try desk.now()).isWhole)
        try desk.expectPromisesKept()
        desk.store.close()
    }

    @Test func aMomentThatHasNotComeIsRefused() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        let now = try desk.now()
        #expect(throws: PruneError.self) { try desk.prune(now.adding(seconds: 3_600)) }
        #expect(throws: PruneError.self) { try desk.prune(now, sold: now.adding(seconds: 1)) }
        #expect(try desk.room.count("select count(*) from checkpoint") == 0)
        desk.store.close()
    }
}
