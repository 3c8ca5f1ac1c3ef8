import AMQPClient
import PostgresClient
import Testing
import WeirCore
import WeirSandbox
import WeirTopology

@testable import WeirLive

/// Dead letters are sent again: each once a run, marked after its confirm, recognized when it comes back.
@Suite struct ReplayTests {
    @Test func aLetterGoesToItsOwnPartitionUnderItsOwnTokenAndIsMarked() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill(
            [dead.room.message(define(dead.sku, stocked: 5)), dead.astray("a"), dead.astray("b")], letters: 2)
        let letter = try await dead.letter("a")
        #expect(letter.reason == "wrong_partition" && letter.fault == "wrong_partition sku")
        #expect(letter.partition == 1)

        let run = try await dead.replay()
        #expect(run.state == .done && run.total == 2 && run.published == 2 && run.skipped == 0)
        try await dead.work { try await eventually { try dead.status("b") == "confirmed" } }
        #expect(try dead.status("a") == "confirmed")
        let after = try await dead.letter("a")
        #expect(after.state == .replayed && after.replayed == 1 && after.returned == 0)
        let history = try await dead.history(after.id)
        #expect(history.map(\.action) == ["replayed"])
        #expect(
            history.first?.who == "ann" && history.first?.why == "a test" && history.first?.replay == run.id)
        #expect(history.first?.confirmedAt != nil && history.first?.returnedAt == nil)
        // Nothing is left to send, and sending would decide nothing again.
        #expect(try await dead.replay().total == 0)
        #expect(try dead.room.count("select count(*) from intent") == 2)
        #expect(try await onThread { try LiveAudit(databaseURL: dead.room.databaseURL).run() }.holds)
        try await dead.end()
    }

    @Test func lettersAreSentTheOldestFirst() async throws {
        let dead = try await DeadRoom.make()
        let tokens = (0..<150).map { "t\($0)" }
        try await dead.kill(
            [dead.room.message(define(dead.sku, stocked: 500))] + tokens.map { dead.astray($0) }, letters: 150
        )
        #expect(try await dead.replay().published == 150)
        try await dead.work { try await eventually { try dead.status("t149") != nil } }
        #expect(try dead.room.decidedTokens(of: dead.sku) == tokens)
        try await dead.end()
    }

    @Test func whatStillCannotBeReadIsNotSent() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill([dead.broken("bad"), dead.astray("good")])
        let run = try await dead.replay()
        #expect(run.published == 1 && run.skipped == 1 && run.findings[.unreadable] == 1)
        #expect(try await dead.letter("bad").state == .open)
        #expect(try await dead.letter("bad").replayed == 0)
        #expect(try await dead.letter("good").state == .replayed)
        try await dead.end()
    }

    /// The worker refuses the data each time: the letter shows it, and the run does not try for ever.
    @Test func aLetterThatComesBackIsTheSameLetterAndIsSentOnceARun() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill(
            [dead.room.message(define(dead.sku, stocked: 5)), dead.astray("culprit")], letters: 1)
        try dead.room.refuse("culprit", "22003")
        let pool = dead.room.pool()
        pool.start()
        for round in 1...2 {
            let run = try await dead.replay { $0.rate = 1_000 }
            #expect(run.published == 1 && run.state == .done)
            #expect(try await eventually { try await dead.letter("culprit").returned == round })
            let letter = try await dead.letter("culprit")
            #expect(letter.state == .open && letter.reason == "data_error")
            #expect(letter.replayed == round && letter.seen == 1 + round)
            #expect(
                try await onThread { try ReplayLedger(databaseURL: dead.room.databaseURL).run(run.id) }?
                    .returned == 1)
        }
        #expect(try await dead.list().count == 1)
        let history = try await dead.history(try await dead.letter("culprit").id)
        #expect(history.count == 2 && history.allSatisfy { $0.returnedAt != nil && $0.confirmedAt != nil })
        try dead.room.execute("drop trigger strike on intent")
        #expect(try await dead.replay().published == 1)
        #expect(try await eventually { try dead.status("culprit") == "confirmed" })
        try await onThread { pool.stop() }
        #expect(try await dead.letter("culprit").state == .replayed)
        try await dead.end()
    }

    /// The worker may be faster than the mark: what came back must not be called done.
    @Test func aLetterThatCameBackBeforeItsMarkStaysOpen() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill([dead.astray("t")])
        let id = try await dead.letter("t").id
        let key = ReplayKey.random()
        let url = dead.room.databaseURL
        try await onThread {
            let ledger = try ReplayLedger(databaseURL: url)
            defer { ledger.close() }
            try ledger.noteSending([(id, key)], 1, DeadRoom.me)
        }
        var back = dead.astray("t")
        back.properties.headers = FieldTable([(ReplayKey.header, .string(key))])
        #expect(await dead.publisher.publish(back) == .confirmed)
        try await dead.work { try await eventually { try await dead.letter("t").returned == 1 } }
        try await onThread {
            let ledger = try ReplayLedger(databaseURL: url)
            defer { ledger.close() }
            try ledger.mark([key])
        }
        let letter = try await dead.letter("t")
        #expect(letter.state == .open && letter.replayed == 1)
        #expect(try await dead.list().count == 1)
        try await dead.end()
    }

    @Test func aKeyThatNobodyGaveOutIsNoKey() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill([dead.astray("victim")])
        #expect(try await dead.replay().published == 1)
        for key in [ReplayKey.random(), "", "x", String(repeating: "G", count: 32)] {
            var forged = dead.broken("forger-\(key.count)-\(key.prefix(1))")
            forged.properties.headers = FieldTable([(ReplayKey.header, .string(key))])
            #expect(await dead.publisher.publish(forged) == .confirmed)
        }
        try await dead.work {
            try await eventually { try dead.room.count("select count(*) from dead_letter") == 5 }
        }
        let victim = try await dead.letter("victim")
        #expect(victim.state == .replayed && victim.returned == 0)
        try await dead.end()
    }

    @Test func twoReplaysAtOnceNeverSendOneLetterTwice() async throws {
        let dead = try await DeadRoom.make()
        let count = 400
        let messages = (0..<count).map { dead.astray("t\($0)") }
        try await dead.kill(messages)
        async let first = dead.replay()
        async let second = dead.replay()
        async let third = dead.replay { $0.rate = 2_000 }
        let runs = try await [first, second, third]
        #expect(runs.map(\.published).reduce(0, +) == count)
        // No worker runs: what was published lies in the queue.
        #expect(try await eventually { try dead.room.depth(0) == count })
        #expect(
            try dead.room.count(
                "select max(n) from (select count(*) n from dead_letter_history group by letter) x") == 1)
        #expect(
            try dead.room.count("select count(*) from dead_letter where state = 'replayed' and replayed = 1")
                == count)
        try await dead.end()
    }

    @Test func aRunThatIsStoppedGoesOnWhereItStopped() async throws {
        let dead = try await DeadRoom.make()
        let count = 400
        try await dead.kill((0..<count).map { dead.astray("t\($0)") })
        let replay = dead.newReplay()
        var order = ReplayOrder(DeadLetterFilter(), DeadRoom.me)
        order.rate = 50
        let url = dead.room.databaseURL
        async let begun = onThread { [order] in try replay.perform(.begin(order)) }
        #expect(try await eventually { replay.progress.published > 0 })
        // Somebody else cannot run the same one meanwhile.
        let id = replay.progress.id
        await #expect(throws: DeadLetterError.self) {
            try await onThread { try dead.newReplay().perform(.resume(id)) }
        }
        #expect(try await onThread { try ReplayLedger(databaseURL: url).run(id) }?.state == .running)
        replay.stop()
        let stopped = try await begun
        #expect(stopped.state == .stopped && stopped.published < count && stopped.published > 0)
        let sent = stopped.published
        #expect(try await eventually { try dead.room.depth(0) == sent })

        // The second time another process asks for the stop.
        let second = dead.newReplay()
        async let resumed = onThread { try second.perform(.resume(id)) }
        #expect(try await eventually { second.progress.published > sent })
        #expect(try await onThread { try ReplayLedger(databaseURL: url).askToStop(id) })
        #expect(try await resumed.state == .stopped)

        try dead.room.execute("update replay set rate = null")
        let done = try await onThread { try dead.newReplay().perform(.resume(id)) }
        #expect(done.state == .done && done.published == count)
        #expect(try await eventually { try dead.room.depth(0) == count })
        #expect(try dead.room.count("select count(*) from dead_letter where replayed = 1") == count)
        await #expect(throws: DeadLetterError.self) {
            try await onThread { try dead.newReplay().perform(.resume(id)) }
        }
        await #expect(throws: DeadLetterError.self) {
            try await onThread { try dead.newReplay().perform(.resume(999)) }
        }
        try await dead.end()
    }

    @Test func aRateIsKept() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill((0..<15).map { dead.astray("t\($0)") })
        let begin = ContinuousClock.now
        #expect(try await dead.replay { $0.rate = 20 }.published == 15)
        // The first goes at once, fourteen follow at 50 ms.
        #expect(ContinuousClock.now - begin >= .milliseconds(690))
        try await dead.end()
    }

    @Test func aFullQueueIsWaitedFor() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill((0..<40).map { dead.astray("t\($0)") })
        let sandbox = try await SharedSandbox.get()
        let vhost = String(dead.room.amqpURL.split(separator: "/").last ?? "")
        try await sandbox.runRabbitmqctl([
            "set_policy", "-p", vhost, "full", "^weir.intents", #"{"max-length":1}"#, "--apply-to", "queues",
        ])
        // The limit overshoots: it must be felt before the replay begins.
        var number = 0
        while number < 2_000,
            await dead.publisher.publish(dead.room.message(submit("fill-\(number)", dead.sku))) == .confirmed
        {
            number += 1
        }
        let replay = dead.newReplay()
        async let run = onThread { try replay.perform(.begin(ReplayOrder(DeadLetterFilter(), DeadRoom.me))) }
        #expect(try await eventually { replay.progress.trouble?.contains("full") == true })
        try await sandbox.runRabbitmqctl(["clear_policy", "-p", vhost, "full"])
        #expect(try await run.published == 40)
        #expect(replay.progress.trouble == nil)
        try await dead.end()
    }

    @Test func aMissingQueueEndsTheRunAndSaysSo() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill([dead.astray("t")])
        try await onThread {
            let connection = try dead.room.connection()
            try connection.deleteQueue(BrokerTopology.intentsQueue(0))
            connection.close()
        }
        do {
            _ = try await dead.replay()
            Issue.record("it must throw")
        } catch let error as DeadLetterError {
            #expect(error.description.contains("weir topology apply"))
        }
        let run = try #require(
            try await onThread { try ReplayLedger(databaseURL: dead.room.databaseURL).runs(limit: 1).first })
        #expect(run.state == .failed && run.trouble?.contains("weir topology apply") == true)
        #expect(try await dead.letter("t").state == .open)
        try await dead.end()
    }

    @Test func lettersFromBeforeTheHorizonAreSentOnlyAsNew() async throws {
        let dead = try await DeadRoom.make()
        try await dead.kill([dead.astray("old"), dead.astray("young")])
        try dead.room.execute(
            """
            insert into checkpoint (partition, horizon) values (0, now() - interval '1 day');
            update dead_letter set first_seen_at = now() - interval '2 days' where token = 'old';
            """)
        let run = try await dead.replay()
        #expect(run.published == 1 && run.findings[.tooOld] == 1)
        #expect(try await dead.letter("old").state == .open)
        #expect(try await dead.replay { $0.asNew = true }.published == 1)
        #expect(try await dead.letter("old").state == .replayed)
        try await dead.end()
    }

    /// The broker dies in the middle of a replay: each letter is decided, and once.
    @Test func aBrokerThatDiesMeanwhileCostsNothing() async throws {
        let sandbox = try await Sandbox.start()
        let dead = try await DeadRoom.make(sandbox)
        let count = 300
        try await dead.kill(
            [dead.room.message(define(dead.sku, stocked: 1_000))] + (0..<count).map { dead.astray("t\($0)") },
            letters: count)
        let pool = dead.room.pool()
        pool.start()
        let replay = dead.newReplay()
        async let run = onThread {
            var order = ReplayOrder(DeadLetterFilter(), DeadRoom.me)
            order.rate = 100
            return try replay.perform(.begin(order))
        }
        #expect(try await eventually { replay.progress.published > 50 })
        await sandbox.rabbitmq.kill()
        #expect(try await eventually(within: .seconds(60)) { replay.progress.trouble != nil })
        try await sandbox.rabbitmq.restart()
        #expect(try await run.published == count)
        #expect(
            try await eventually(within: .seconds(60)) {
                try dead.room.count("select count(*) from intent") == count
            })
        #expect(try dead.room.count("select sold from sku") == count)
        #expect(try dead.room.count("select count(*) from dead_letter where state = 'replayed'") == count)
        try await onThread { pool.stop() }
        #expect(try await onThread { try LiveAudit(databaseURL: dead.room.databaseURL).run() }.holds)
        try await dead.end()
        await sandbox.stop()
    }
}
