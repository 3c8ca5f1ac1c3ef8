import PostgresClient
import Testing
import WeirCore
import WeirPipeline

@testable import WeirLive

/// Orders go whole: when they have ended, and when no log tells of them any more.
@Suite struct PruneOrderTests {
    @Test func whatHasEndedGoesWithItsPartsAndLinesAndWhatCanChangeStays() async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2))
        let quick = town.room.sku(in: 0, "quick")
        try town.decide([define(quick, stocked: 9, id: "q") { $0.holdSeconds = 1 }], at: 0)
        let late = town.token("late")
        try town.ask(orderSubmit(late, [quick, town.skus[1]]))
        try town.settle()
        try town.look(at: 0)
        try town.settle()
        let given = try town.cancelled("given", coordinatedBy: 1)
        // Short in the other partition, short in the coordinator's, and all in one partition.
        try town.ask(orderSubmit(town.token("short", coordinatedBy: 1), town.skus, units: 21))
        let lone = town.token("lone")
        try town.ask(
            orderSubmit(town.token("away"), [town.skus[0], "none-\(town.skus[1])"], units: 1),
            orderSubmit(lone, [town.skus[1]]), orderCancel(lone))
        let held = try town.submitted("held", coordinatedBy: 1)
        let sold = try town.submitted("sold")
        let part = try town.submitted("part", coordinatedBy: 1)
        try town.ask(orderConfirm(sold), orderConfirm(part), orderCancel(part, lines: [2]))
        try town.settle()
        let (heads, moment) = (try town.heads(), try town.desk.now())
        try town.ask(orderSubmit(town.token("young"), town.skus, units: 30))
        try town.settle()
        try town.expectPromisesKept()

        let foreseen = try Prune(databaseURL: town.room.databaseURL).foresee(PruneOrder(before: moment))
        let report = try town.desk.prune(moment, step: 4)
        #expect(report == foreseen)
        #expect(report.isWhole && report.events == heads && report.intents.isEmpty)
        #expect(report.orders == [.cancelled: 2, .expired: 1, .rejected: 2], "\(report.orders)")
        #expect(report.lines == 8)
        let kept = ["\(held) reserved", "\(sold) confirmed", "\(part) confirmed"]
        #expect(try town.states().filter { !$0.contains("/") && !$0.hasPrefix("young") } == kept.sorted())
        #expect(try town.count("order_part") == 3)
        #expect(
            try town.room.count(
                "select count(*) from event_address a where not exists (select from event e where e.seq = a.seq and e.partition = a.partition)"
            ) == 0)
        #expect(try town.count("checkpoint_order") == 3)
        #expect(
            try town.room.count("select count(*) from checkpoint_intent where strpos(token, '/') > 0") == 6)
        try town.expectPromisesKept()

        // What stayed can do all that it could before; what went is new.
        try town.ask(orderConfirm(held), orderCancel(sold), orderCancel(part, lines: [1]))
        try town.settle()
        #expect(try town.room.orderState(part) == "cancelled" && town.room.lineState(sold, 2) == "cancelled")
        let confirm = orderConfirm(late)
        let told = try town.ask(confirm, orderSubmit(given, town.skus, units: 2))
        #expect(told.first.map { "\($0)".contains("unknownToken") } == true, "\(told)")
        try town.settle()
        #expect(try town.room.orderState(given) == "reserved")
        try town.expectPromisesKept()
        #expect(try town.prune().orders == [.cancelled: 2, .rejected: 1])
        try town.expectPromisesKept()
        town.close()
    }

    /// One partition's log is pruned, and another one's is not yet: the order is there, whole.
    @Test(arguments: [0, 1]) func anOrderOfWhichOneLogIsPrunedStaysWhole(_ first: Int) async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2))
        let order = try town.cancelled("given")
        let part = try town.submitted("part")
        try town.ask(orderConfirm(part))
        try town.settle()
        let before = try town.states()
        try town.room.execute("update partition set published = 0 where partition <> \(first)")
        let report = try town.prune(sold: true)
        #expect(report.orders.isEmpty && report.events > 0)
        #expect(report.parts.filter { $0.to > 0 }.map(\.partition) == [first])
        #expect(try town.states() == before)
        try town.expectPromisesKept()
        // A retry of its token, a late cancel of a line, every message once more.
        let told = try town.ask(
            orderSubmit(order, town.skus), orderCancel(order, lines: [2]),
            orderCancel(part, lines: [first + 1]))
        #expect(
            told.contains { if case .order(.answered(.submitOrder, _, _, _)) = $0 { true } else { false } })
        for letter in town.sent { try town.deliver(letter) }
        try town.settle()
        #expect(try town.room.lineState(part, first + 1) == "cancelled")
        try town.expectPromisesKept()
        if first == 0 {
            let trace = try #require(
                try IntentTrace.read(Token(unchecked: order), databaseURL: town.room.databaseURL))
            let gone = try #require(trace.entries.first { $0.kind == "pruned" })
            #expect(gone.detail.contains("left it cancelled"))
            #expect(trace.entries.contains { $0.place.partition == 1 })
        }
        #expect(try town.prune(sold: true).orders == [.cancelled: 1, .confirmed: 1])
        #expect(
            try town.states().isEmpty
                && town.count("order_part", "checkpoint_order", "checkpoint_intent") == 0)
        try town.expectPromisesKept()
        town.close()
    }

    /// Whatever comes late of an order that was forgotten changes nothing, also when its token has a second life.
    @Test func aMessageThatComesAfterItsOrderWasForgottenChangesNothing() async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2))
        let order = try town.submitted("o")
        // The part asked, and was answered by the decision before its question came.
        try town.room.execute("update order_part set guard_at = now()")
        try town.look(at: 1)
        let question = try #require(town.mail.first)
        town.mail = []
        try town.ask(orderCancel(order))
        try town.settle()
        #expect(try town.prune().orders == [.cancelled: 1])
        let heads = try town.heads()
        let old = town.sent
        #expect(old.count == 5 && old.contains { $0.message == question.message })
        for letter in old { try town.deliver(letter) }
        #expect(try town.heads() == heads)
        #expect(try town.count("orders", "order_part", "intent") == 0)

        // The same token again: first for something else, then for the same.
        for units in [2, 1] as [Int64] {
            try town.ask(orderSubmit(order, town.skus, units: units))
            let fresh = town.mail
            town.mail = []
            for letter in old { try town.deliver(letter) }
            // The first image of the same wish is as good as the second.
            if units == 2 {
                #expect(try town.room.orderState(order) == "reserving")
                #expect(try town.room.lineState(order, 2) == nil)
            }
            town.mail = fresh
            try town.settle()
            #expect(try town.room.orderState(order) == "reserved")
            try town.ask(orderConfirm(order))
            for letter in old { try town.deliver(letter) }
            try town.settle()
            for letter in old { try town.deliver(letter) }
            try town.settle()
            #expect(
                try town.states() == ["\(order) confirmed", "\(order)/1 confirmed", "\(order)/2 confirmed"])
            #expect(try town.room.count("select sum(sold)::int from sku") == Int(2 * units))
            try town.expectPromisesKept()
            try town.ask(
                .order(
                    .cancel(
                        OrderChange(id: CommandID(unchecked: "x-\(units)"), order: Token(unchecked: order)))))
            try town.settle()
            #expect(try town.prune().orders == [.cancelled: 1])
        }
        town.close()
    }

    /// A coordinator that told once more how its order stands keeps it until that event goes, and so does a payment that
    /// came too late: the log never shows an order without a row.
    @Test func whatTheLogStillShowsIsKept() async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2), stocked: 1) { $0.holdSeconds = 1 }
        let order = try town.submitted("o")
        try town.look(at: 0)
        try town.settle()
        let other = try town.submitted("p")
        try town.room.execute("update order_part set guard_at = now() where order_token = '\(other)'")
        try town.look(at: 1)
        let question = town.mail.removeLast()
        try town.ask(orderCancel(other))
        try town.settle()
        let last = try town.submitted("q")
        let moment = try town.desk.now()
        try town.ask(orderConfirm(order))
        try town.deliver(question)
        try town.settle()
        #expect(
            try town.count(
                "event where type in ('weir.order.shortfall.v1', 'weir.order.told.v1')"
            ) == 2)
        #expect(try town.desk.prune(moment).orders.isEmpty)
        #expect(try town.room.orderState(order) == "expired" && town.room.orderState(other) == "cancelled")
        try town.expectPromisesKept()
        #expect(try town.prune().orders == [.expired: 1, .cancelled: 1])
        #expect(["reserved", "expired"].contains(try town.room.orderState(last)))
        try town.expectPromisesKept()
        town.close()
    }

    @Test func aMessageThatIsNotForwardedStaysWithEverythingBehindIt() async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2))
        let order = try town.cancelled("o")
        let (end, last) = (
            try town.room.count("select head from partition where partition = 0"),
            try town.room.count("select max(seq)::int from event_address where partition = 0")
        )
        try town.room.execute("update partition set forwarded = \(last - 1) where partition = 0")
        let report = try town.prune()
        #expect(report.orders.isEmpty && report.parts[0].to > 0 && report.parts[0].to < Int64(last))
        #expect(
            try town.stores[0].readMessages(after: Int64(last - 1), limit: 9).map(\.event.seq) == [
                Int64(last)
            ])
        #expect(try town.stores[0].forwarding().last == Int64(last))
        try town.expectPromisesKept()
        try town.room.execute("update partition set forwarded = \(last) where partition = 0")
        #expect(try town.prune().parts[0].to == Int64(end))
        #expect(try town.room.orderState(order) == nil)
        #expect(try town.stores[0].forwarding() == Forwarding(forwarded: Int64(last), last: 0))
        try town.expectPromisesKept()
        town.close()
    }

    /// A batch that has read an order, and commits when a prune has forgotten it: it is decided again.
    @Test func aBatchWhoseOrderWasForgottenIsDecidedAgain() async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2)) { $0.holdSeconds = 1 }
        let order = try town.submitted("o")
        try town.look(at: 0)
        try town.settle()
        let image = try #require(town.sent.last { $0.to == 1 })
        let confirm = try town.prepare([orderConfirm(order)], at: 0)
        let again = try town.prepare([.order(.message(image.message))], at: 1)
        #expect(confirm.decision.orders.rows.count == 1 && again.decision.orders.parts.count == 1)
        #expect(try town.prune().orders == [.expired: 1])
        for (partition, write) in [confirm, again].enumerated() {
            do throws(StoreError) {
                try town.stores[partition].commit(write)
                Issue.record("it must not commit")
            } catch {
                #expect(error.kind == .retry, "\(error)")
            }
        }
        #expect(try "\(town.ask(orderConfirm(order)))".contains("unknownToken"))
        #expect(try town.deliver(image).decision.events.isEmpty)
        #expect(try town.count("orders", "order_part", "intent") == 0)
        try town.expectPromisesKept()
        town.close()
    }

    /// A batch that has read an order, and commits when the token has a second life, coordinated elsewhere and at the
    /// same version.
    @Test func aBatchDoesNotWriteTheSecondLifeOfAnotherCoordinator() async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2), stocked: 1) { $0.holdSeconds = 1 }
        let order = town.token("o")
        try town.ask(orderSubmit(order, [town.skus[0]]))
        try town.look(at: 0)
        try town.ask(orderSubmit(town.token("p"), [town.skus[0]]))
        try town.settle()
        let late = try town.prepare([orderConfirm(order)], at: 0)
        #expect(late.decision.orders.rows.map(\.versionBefore) == [2] && late.decision.changed.isEmpty)
        #expect(try town.prune().orders == [.expired: 1])
        let confirm = OrderChange(id: CommandID(unchecked: "again"), order: Token(unchecked: order))
        try town.ask(orderSubmit(order, [town.skus[1]]), .order(.confirm(confirm)))
        let second =
            "select partition || ' ' || version || ' ' || status from orders where token = '\(order)'"
        #expect(try town.room.texts(second) == ["1 2 confirmed"])
        do throws(StoreError) {
            try town.stores[0].commit(late)
            Issue.record("it must not commit")
        } catch {
            #expect(error.kind == .retry, "\(error)")
        }
        #expect(try town.room.texts(second) == ["1 2 confirmed"])
        try town.settle()
        try town.expectPromisesKept()
        town.close()
    }

    /// A row that a batch has in hand keeps the whole order; nobody waits for anybody.
    @Test(arguments: [
        "update orders set changed_at = changed_at", "update order_part set asked = asked",
        "update intent set status = status where token like '%/1'",
    ]) func anOrderThatIsBeingChangedIsKeptWhole(_ change: String) async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2))
        _ = try town.cancelled("o")
        let before = try town.states()
        let session = try town.room.session()
        try session.execute(script: "begin; \(change)")
        #expect(try town.prune().orders.isEmpty)
        try session.execute(script: "rollback")
        #expect(try town.states() == before && town.count("order_part") == 1)
        try town.expectPromisesKept()
        #expect(try town.prune().orders == [.cancelled: 1])
        try town.expectPromisesKept()
        session.close()
        town.close()
    }

    @Test func salesOfOrdersGoWhenTheyAreSaidToBeFinalAndStayCounted() async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2), stocked: 9) { $0.maxPerBuyer = 3 }
        let first = try town.submitted("first", buyer: "ann")
        try town.ask(orderConfirm(first))
        try town.settle()
        let moment = try town.desk.now()
        let second = try town.submitted("second", coordinatedBy: 1, buyer: "ann")
        try town.ask(orderConfirm(second))
        try town.settle()
        #expect(try town.prune().orders.isEmpty)
        let order = PruneOrder(before: try town.desk.now(), soldBefore: moment)
        #expect(try Prune(databaseURL: town.room.databaseURL).foresee(order).orders == [.confirmed: 1])
        #expect(try town.desk.prune(order.before, sold: moment).orders == [.confirmed: 1])
        #expect(try town.room.orderState(first) == nil && town.room.orderState(second) == "confirmed")
        #expect(try town.room.texts("select sold || ' ' || available from sku") == ["2 7", "2 7"])
        try town.expectPromisesKept()
        // Two units of three are sold, one of them to nobody that is known.
        let third = try town.submitted("third", buyer: "ann")
        #expect(try town.room.orderState(third) == "reserved")
        let fourth = try town.submitted("fourth", coordinatedBy: 1, buyer: "ann")
        #expect(try town.room.orderState(fourth) == "rejected")
        try town.ask(orderCancel(second))
        try town.settle()
        #expect(try town.prune(sold: true).orders == [.cancelled: 1, .rejected: 1])
        #expect(try town.room.texts("select units::text from pruned_buyer") == ["1", "1"])
        try town.expectPromisesKept()
        town.close()
    }

    @Test func aBrokenOrderIsNotForgotten() async throws {
        let town = try PruneTown(try await LiveRoom.make(partitions: 2))
        let order = try town.submitted("sold")
        try town.ask(orderConfirm(order))
        try town.settle()
        _ = try town.cancelled("given", coordinatedBy: 1)
        #expect(try town.prune().orders == [.cancelled: 1])
        let last = try town.cancelled("last")
        let before = try town.desk.everything()
        for (damage, repair) in [
            (
                "update orders set version = version + 1 where token = '\(last)'",
                "update orders set version = version - 1 where token = '\(last)'"
            ),
            (
                "update orders set token = 'x' where token = '\(last)'",
                "update orders set token = '\(last)' where token = 'x'"
            ),
            (
                "update event set body = replace(body, '\"version\":3', '\"version\":4') where token = '\(last)'",
                "update event set body = replace(body, '\"version\":4', '\"version\":3') where token = '\(last)'"
            ),
        ] {
            try town.room.execute(damage)
            #expect(throws: PruneError.self, "\(damage)") { try town.prune() }
            try town.room.execute(repair)
            #expect(try town.desk.everything() == before, "\(damage)")
        }
        // A line that is not as its order says: the logs are gone, the order is the last witness.
        let spoil = "update intent set status = 'expired' where token = '\(order)/2'"
        try town.room.execute(spoil)
        #expect(throws: PruneError.self) { try town.prune(sold: true) }
        #expect(try town.room.orderState(order) == "confirmed")
        try town.room.execute("update intent set status = 'confirmed' where token = '\(order)/2'")
        #expect(try town.prune(sold: true).orders == [.confirmed: 1])
        try town.expectPromisesKept()
        town.close()
    }
}
