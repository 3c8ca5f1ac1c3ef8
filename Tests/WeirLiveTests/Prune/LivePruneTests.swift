import AMQPClient
import PostgresClient
import Synchronization
import Testing
import WeirCore
import WeirPipeline
import WeirTopology

@testable import WeirLive

/// A prune beside workers, another prune, and accidents of its own.
@Suite struct LivePruneTests {
    private func history(_ desk: PruneRoom, batches: Int) throws {
        try desk.decide(define("tea", stocked: Int64(batches), id: "d") { $0.holdSeconds = 0 })
        for number in 0..<batches {
            try desk.decide(
                submit("sold-\(number)", "tea"), submit("none-\(number)", "tea", 1_000),
                submit("back-\(number)", "none"))
        }
        try desk.publish()
    }

    @Test func aSecondPruneFindsNothingToDo() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try history(desk, batches: 5)
        let now = try desk.now()
        #expect(try desk.prune(now, step: 4).events == 17)
        let before = try desk.everything()
        let again = try desk.prune(now)
        #expect(again.isWhole && again.events == 0 && again.forgotten == 0 && again.commands == 0)
        #expect(try desk.everything() == before)
        try desk.expectPromisesKept()
        desk.store.close()
    }

    @Test func aPruneThatDiesBetweenTransactionsLeavesAWholeAndIsGoneOnWith() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try history(desk, batches: 8)
        try desk.room.execute(
            """
            create function strike() returns trigger language plpgsql as $$
            begin
                if new.seq > 12 then raise exception 'no power'; end if;
                return new;
            end $$;
            create trigger strike before insert or update on checkpoint for each row execute function strike();
            """)
        let now = try desk.now()
        #expect(throws: PostgresError.self) { try desk.prune(now, step: 4) }
        let seq = try desk.room.count("select seq from checkpoint")
        #expect((1...12).contains(seq))
        #expect(try desk.room.count("select min(seq) from event") == seq + 1)
        try desk.expectPromisesKept()
        try desk.decide(submit("meanwhile", "tea", 1_000))
        try desk.room.execute("drop trigger strike on checkpoint")
        let report = try desk.prune(now, step: 4)
        #expect(report.isWhole && report.events == 26 - seq)
        #expect(try desk.statuses().count { !$0.hasPrefix("sold-") } == 1)
        try desk.expectPromisesKept()
        desk.store.close()
    }

    @Test func itStopsBehindATransactionAndOnlyOneRunsAtATime() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try history(desk, batches: 6)
        let now = try desk.now()
        try desk.room.execute("insert into checkpoint (partition, seq, horizon) values (0, 0, '2000-01-01')")
        let session = try desk.room.session()
        try session.execute(script: "begin; select from checkpoint for update")
        let prune = Prune(databaseURL: desk.room.databaseURL, step: 4)
        let outcome = Mutex<PruneReport?>(nil)
        let thread = DedicatedThread(name: "prune") {
            let report = try? prune.perform(PruneOrder(before: now))
            outcome.withLock { $0 = report }
        }
        let isWaiting = try untilTrue {
            try desk.room.count(
                """
                select count(*) from pg_stat_activity
                where datname = current_database() and application_name = 'weir prune' and wait_event_type = 'Lock'
                """) == 1
        }
        #expect(isWaiting)
        #expect(throws: PruneError.self) { try desk.prune(now) }
        prune.stop()
        try session.execute(script: "rollback")
        thread.join()
        let report = try #require(outcome.withLock { $0 })
        #expect(!report.isWhole && report.events == 1)
        #expect(try desk.room.count("select seq from checkpoint") == 1)
        try desk.expectPromisesKept()
        #expect(try desk.prune(now).events == 19)
        try desk.expectPromisesKept()
        session.close()
        desk.store.close()
    }

    /// A batch that has read an intent, and commits when a prune has forgotten it: it is decided again.
    @Test func aBatchWhoseIntentWasForgottenIsDecidedAgain() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(define("tea", stocked: 5), submit("sold", "tea", 2))
        try desk.publish()
        let write = try desk.store.prepare([cancel("sold", "tea")], partition: 0)
        #expect(write.decision.changed.count == 1)
        let now = try desk.now()
        #expect(try desk.prune(now, sold: now).intents == [.confirmed: 1])
        do throws(StoreError) {
            try desk.store.commit(write)
            Issue.record("it must not commit")
        } catch {
            #expect(error.kind == .retry, "\(error)")
        }
        try desk.decide(cancel("sold", "tea"))
        #expect(
            try desk.room.texts("select body from event where type = 'weir.command.answered.v1'").first?
                .contains("unknown_token") == true)
        #expect(try desk.room.count("select sold from sku") == 2)
        try desk.expectPromisesKept()
        desk.store.close()
    }

    /// A row that a batch has in hand is kept; nobody waits for anybody.
    @Test func anIntentThatIsBeingChangedIsKept() async throws {
        let desk = try PruneRoom(try await LiveRoom.make(partitions: 1))
        try desk.decide(define("tea", stocked: 5), submit("sold", "tea", 2), submit("other", "tea", 1))
        try desk.publish()
        let now = try desk.now()
        let session = try desk.room.session()
        try session.execute(script: "begin; update intent set status = 'cancelled' where token = 'sold'")
        #expect(try desk.prune(now, sold: now).intents == [.confirmed: 1])
        try session.execute(script: "rollback")
        #expect(try desk.statuses() == ["sold confirmed"])
        try desk.expectPromisesKept()
        #expect(try desk.prune(now, sold: now).intents == [.confirmed: 1])
        try desk.expectPromisesKept()
        session.close()
        desk.store.close()
    }

    /// Workers decide, publish and expire while one prune follows another at their heels; messages between partitions are
    /// under way while it does.
    @Test func workersGoOnDecidingMeanwhile() async throws {
        let room = try await LiveRoom.make(partitions: 2)
        let pool = room.pool()
        pool.start()
        let publisher = room.publisher()
        #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
        let skus = [room.sku(in: 0), room.sku(in: 1)]
        for sku in skus {
            let message = room.message(
                define(sku, stocked: 400, id: "d-\(sku)") {
                    $0.maxPerBuyer = 50
                    $0.onShortage = .waitlist
                })
            #expect(await publisher.publish(message) == .confirmed)
        }
        let url = room.databaseURL
        let stop = StopSignal()
        async let pruned = onThread {
            var (events, forgotten, rounds) = (0, 0, 0)
            while !stop.isStopping || rounds < 2 {
                let now = try room.session().now()
                let order = PruneOrder(before: now, soldBefore: now)
                let report = try Prune(databaseURL: url, step: 200).perform(order)
                (events, forgotten, rounds) = (
                    events + report.events, forgotten + report.forgotten, rounds + 1
                )
            }
            return (events, forgotten)
        }
        var sent = 0
        for wave in 0..<12 {
            for (position, sku) in skus.enumerated() {
                var messages: [OutgoingMessage] = []
                for number in 0..<60 {
                    let token = "t-\(wave)-\(position)-\(number)"
                    messages.append(room.message(submit(token, sku, 1, buyer: "b\(number % 10)")))
                    messages.append(room.message(number % 3 == 0 ? cancel(token, sku) : confirm(token, sku)))
                }
                for message in messages { #expect(await publisher.publish(message) == .confirmed) }
                sent += messages.count
            }
            for number in 0..<8 {
                let token = "o-\(wave)-\(number)"
                let change = number % 2 == 0 ? orderCancel(token) : orderConfirm(token)
                for command in [orderSubmit(token, skus, buyer: "b\(number)"), change] {
                    #expect(await publisher.publish(room.message(command)) == .confirmed)
                }
            }
        }
        let isDone = try await eventually(within: .seconds(60)) {
            try room.depth(0) + room.depth(1) == 0
                && room.count("select count(*) from partition where published < head") == 0
        }
        #expect(isDone && pool.stopped.isEmpty)
        let isSettled = try await room.ordersSettle()
        #expect(isSettled)
        let isPublished = try await eventually(within: .seconds(60)) {
            try room.count("select count(*) from partition where published < head") == 0
        }
        #expect(isPublished)
        stop.stop()
        let (events, forgotten) = try await pruned
        let now = try room.session().now()
        let last = try await onThread {
            try Prune(databaseURL: url).perform(PruneOrder(before: now, soldBefore: now))
        }
        #expect(try events + last.events == room.count("select sum(head)::bigint from partition"))
        #expect(events > 0 && forgotten > 0 && sent > 0)
        let report = try LiveAudit(databaseURL: url).run()
        #expect(report.holds, "\(report.lines)")
        // Every buyer has at most what he may have, however much of it was forgotten.
        #expect(try room.count("select count(*) from buyer_total where units > 50") == 0)
        #expect(try room.count("select max(units) from buyer_total") > 0)
        #expect(try room.count("select sum(pruned_sold)::bigint from checkpoint_sku") > 0)
        // Of orders only those are left that are held, and nothing of any other.
        #expect(try room.count("select count(*) from orders where status <> 'reserved'") == 0)
        #expect(
            try room.count(
                """
                select (select count(*) from order_part p
                        where not exists (select from orders o where o.token = p.order_token))
                    + (select count(*) from intent i where strpos(i.token, '/') > 0
                        and not exists (select from orders o where o.token = split_part(i.token, '/', 1)))
                    + (select count(*) from event_address)
                """) == 0)
        try await onThread { pool.stop() }
        try await onThread { publisher.stop(drain: .zero) }
    }

    @Test func aLetterFromBeforeTheHorizonIsSentOnlyAsNew() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill(
            [
                dead.room.message(define(dead.sku, stocked: 5)), dead.room.message(submit("t", dead.sku)),
                dead.astray("t"),
            ], letters: 1)
        try await dead.work {
            try await eventually {
                try dead.room.count("select count(*) from partition where published < head") == 0
                    && dead.status("t") == "confirmed"
            }
        }
        // It came a second time, by a way that no worker decides; then its token is forgotten.
        let now = try dead.room.session().now()
        let url = dead.room.databaseURL
        let report = try await onThread {
            try Prune(databaseURL: url).perform(PruneOrder(before: now, soldBefore: now))
        }
        #expect(report.intents == [.confirmed: 1])
        try await dead.kill([dead.astray("young")])
        let dry = try await dead.replay { $0.isDryRun = true }
        #expect(dry.findings[.tooOld] == 1)
        let run = try await dead.replay()
        #expect(run.published == 1 && run.findings[.tooOld] == 1)
        #expect(try await dead.letter("t").state == .open)
        #expect(try await dead.replay { $0.asNew = true }.published == 1)
        try await dead.work { try await eventually { try dead.status("t") == "confirmed" } }
        #expect(try dead.room.count("select sold from sku") == 3)
        #expect(try await onThread { try LiveAudit(databaseURL: url).run() }.holds)
        try await dead.end()
    }
}
