import Testing
import WeirCore
import WeirPipeline
import WeirWire

/// One suite for the orders in memory and the real ones: what the simulation proves holds only if they are alike.
@Suite struct OrderConformance {
    private let home = DatabaseUnderTest.home
    private let away = DatabaseUnderTest.elsewhere
    /// Coordinated by partition 0, if its lines live apart.
    private let token = (0...).lazy.map { Token(unchecked: "o\($0)") }.first {
        partitioning.coordinator(of: $0, lines: []) == 0
    }!

    @Test(arguments: Ports.allCases) func aPartitionWithoutOrdersHasNone(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { database in
            let store = try database.open()
            #expect(try store.forwarding() == Forwarding(forwarded: 0, last: 0))
            #expect(try store.readMessages(after: 0, limit: 10).isEmpty)
            #expect(try store.nextOrderDeadline() == nil)
            #expect(
                try store.dueOrders(until: store.position().now.adding(seconds: 9_999), limit: 10).isEmpty)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func whatACoordinatorWroteIsReadBackExactly(_ ports: Ports) async throws
    {
        try await DatabaseUnderTest.with(ports) { [self] database in
            let store = try database.open()
            try store.decideOrders([define(home, stocked: 9, holdSeconds: 60)])
            var wish = OrderSubmit(
                token: token, buyer: Buyer(unchecked: "Zoë \u{1F600} o'Neill"),
                lines: [(SKU(unchecked: home), two), (SKU(unchecked: away), two)])!
            wish.sender = Sender(replyTo: "answers", correlationID: "c-1")
            let write = try store.decideOrders([.order(.submit(wish))])
            let row = try #require(write.decision.orders.rows.first?.after)
            #expect(row.order.state == .reserving && row.awaited == [1])

            let snapshot = try store.read(orders: [token])
            #expect(snapshot.orders.rows == [token: row])
            #expect(snapshot.orders.parts.isEmpty)
            #expect(snapshot.intents == [.line(1, of: token): try #require(write.decision.decided.first)])
            #expect(snapshot.intents.values.first?.holdUntil == nil)
            #expect(snapshot.stocks.keys.map(\.text) == [home])
            // It is due when the gathering ends, and only then.
            let due = try #require(row.dueAt)
            #expect(try store.nextOrderDeadline() == due)
            #expect(try store.dueOrders(until: due, limit: 10) == [token])
            #expect(try store.dueOrders(until: due.adding(seconds: -1), limit: 10).isEmpty)
            // A line has no clock of its own.
            #expect(try store.nextDeadline() == nil)
            var holds = SnapshotRequest()
            (holds.dueUntil, holds.dueLimit) = (due.adding(seconds: 99_999), 10)
            #expect(try store.read(holds).due.isEmpty)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func messagesAreReadBehindTheirCursor(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { [self] database in
            let store = try database.open()
            try store.decideOrders([define(home, stocked: 9, holdSeconds: 60)])
            let tokens = ["a", "b", "c"].map(Token.init(unchecked:))
            var seqs: [Int64] = []
            for token in tokens {
                let write = try store.decideOrders([.order(.submit(submit(token)))])
                seqs += write.decision.orders.addresses.map(\.seq)
            }
            let head = try store.position().head
            #expect(seqs.count == 3)
            #expect(try store.forwarding() == Forwarding(forwarded: 0, last: seqs[2]))
            let first = try store.readMessages(after: 0, limit: 2)
            #expect(first.map(\.event.seq) == Array(seqs[..<2]) && first.allSatisfy { $0.to == [1] })
            let log = try store.readLog(after: 0, limit: 100)
            #expect(first.map(\.event) == log.filter { seqs[..<2].contains($0.seq) })
            #expect(try store.readMessages(after: seqs[1], limit: 2).map(\.event.seq) == [seqs[2]])

            func forward(_ to: Int64) throws(StoreError) {
                var write = BatchWrite(
                    headBefore: head, decision: Decision(head: head), at: try store.position().now,
                    published: 0)
                write.forwarded = to
                try store.commit(write)
            }
            try forward(seqs[1])
            #expect(try store.forwarding().forwarded == seqs[1])
            // It never goes back, and never beyond the head.
            try forward(seqs[0])
            #expect(try store.forwarding().forwarded == seqs[1])
            #expect(kindOfFailure { () throws(StoreError) in try forward(head + 1) } == .bug)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func aPartIsReadBackWithItsGuard(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { [self] database in
            let store = try database.open(1)
            try store.decideOrders([define(away, stocked: 9, holdSeconds: 60)], partition: 1)
            let other = try database.open(0)
            let recorded = try other.decideOrders([
                define(home, stocked: 9, holdSeconds: 60), .order(.submit(submit(token))),
            ])
            let row = try #require(recorded.decision.orders.rows.first?.after)
            let order = row.order
            let write = try store.decideOrders([.order(.message(.image(order)))], partition: 1)
            let part = try #require(write.decision.orders.parts.first?.after)
            #expect(part.version == 1 && part.lines == [2] && part.asked == 0)
            let guardAt = try #require(part.guardAt)
            var snapshot = try store.read(orders: [token])
            #expect(snapshot.orders.parts == [token: part] && snapshot.orders.rows == [token: row])
            #expect(snapshot.orders.otherParts[token] ?? [:] == [:])
            #expect(snapshot.intents.keys.map(\.text) == ["\(token)/2"])
            #expect(snapshot.stocks.keys.map(\.text) == [away])
            #expect(try store.nextOrderDeadline() == guardAt)
            #expect(try store.dueOrders(until: guardAt, limit: 10) == [token])

            // The order has ended: the line is free, and nothing is due any more.
            let cancel = Command.order(.cancel(OrderChange(id: CommandID(unchecked: "c"), order: token)))
            let ended = try other.decideOrders([cancel]).decision.orders.rows[0].after.order
            let followed = try store.prepareOrders([.order(.message(.image(ended)))], partition: 1)
            try store.commit(followed)
            snapshot = try store.read(orders: [token])
            #expect(snapshot.orders.parts[token]?.guardAt == nil)
            #expect(snapshot.orders.parts[token]?.version == 2)
            #expect(snapshot.intents.values.map(\.state) == [.cancelled])
            #expect(try store.nextOrderDeadline() == nil)
            // Another partition has no part of it, and sees this one.
            let seen = try other.read(orders: [token])
            #expect(seen.orders.parts.isEmpty && seen.intents.keys.map(\.text) == ["\(token)/1"])
            let foreign = try #require(seen.orders.otherParts[token]?[1])
            #expect(foreign.version == 2 && foreign.guardAt == nil && foreign.lines.isEmpty)
            #expect(foreign.lastSeq == followed.decision.head)
            // What was forgotten meanwhile is not written again, and nothing is known twice.
            for isNew in [true, false] {
                var write = try store.prepareOrders([.order(.message(.image(ended)))], partition: 1)
                let part = try #require(write.decision.orders.parts.first?.after)
                let unknown = OrderPart(order: Token(unchecked: "x"), coordinator: 0, lines: [2], version: 1)
                write.decision.orders.parts = [OrderPartChange(isNew: isNew, after: isNew ? part : unknown)]
                let refused = write
                #expect(kindOfFailure { () throws(StoreError) in try store.commit(refused) } == .retry)
            }
            other.close()
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func theOldestIsDueFirstAndEachOrderOnce(_ ports: Ports) async throws {
        try await DatabaseUnderTest.with(ports) { [self] database in
            let store = try database.open()
            let second = "s1"
            try store.decideOrders([
                define(home, stocked: 9, holdSeconds: 300), define(second, stocked: 9, holdSeconds: 100),
            ])
            let lone = { (name: String, sku: String) in
                Command.order(
                    .submit(
                        OrderSubmit(
                            token: Token(unchecked: name), buyer: Buyer(unchecked: "b"),
                            lines: [(SKU(unchecked: sku), two)])!))
            }
            try store.decideOrders([lone("late", home), lone("soon", second)])
            let now = try store.position().now
            #expect(try store.dueOrders(until: now.adding(seconds: 50), limit: 10).isEmpty)
            let all = ["soon", "late"].map(Token.init(unchecked:))
            #expect(try store.dueOrders(until: now.adding(seconds: 400), limit: 10) == all)
            #expect(try store.dueOrders(until: now.adding(seconds: 400), limit: 1) == [all[0]])
            #expect(
                try store.nextOrderDeadline() == store.read(orders: all).orders.rows[all[0]]?.dueAt)
            store.close()
        }
    }

    @Test(arguments: Ports.allCases) func anOrderThatIsNotAsItWasReadIsReadAgain(_ ports: Ports) async throws
    {
        try await DatabaseUnderTest.with(ports) { [self] database in
            let store = try database.open()
            try store.decideOrders([define(home, stocked: 9, holdSeconds: 60)])
            try store.decideOrders([.order(.submit(submit(token)))])
            let cancel = Command.order(.cancel(OrderChange(id: CommandID(unchecked: "c"), order: token)))

            var moved = try store.prepareOrders([cancel])
            moved.decision.orders.rows = moved.decision.orders.rows.map {
                OrderRowChange(versionBefore: 7, after: $0.after)
            }
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(moved) } == .retry)
            var twice = try store.prepareOrders([cancel])
            twice.decision.orders.rows = twice.decision.orders.rows.map {
                OrderRowChange(versionBefore: nil, after: $0.after)
            }
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(twice) } == .retry)

            // Nothing stays unfinished for ever: the tables say so, too.
            var endless = try store.prepareOrders([cancel])
            endless.decision.orders.rows = endless.decision.orders.rows.map {
                var row = $0.after
                row.dueAt = nil
                return OrderRowChange(versionBefore: $0.versionBefore, after: row)
            }
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(endless) } == .bug)
            // A line gets no clock of its own.
            var timed = try store.prepareOrders([.order(.submit(submit(Token(unchecked: "new"))))])
            timed.decision.decided = timed.decision.decided.map {
                var line = $0
                line.holdUntil = timed.at
                return line
            }
            #expect(kindOfFailure { () throws(StoreError) in try store.commit(timed) } == .bug)
            #expect(try store.read(orders: [token]).orders.rows[token]?.order.state == .reserving)
            store.close()
        }
    }

    private var two: Quantity { Quantity(unchecked: 2) }

    private func submit(_ token: Token) -> OrderSubmit {
        OrderSubmit(
            token: token, buyer: Buyer(unchecked: "b"),
            lines: [(SKU(unchecked: home), Quantity(unchecked: 1)), (SKU(unchecked: away), two)])!
    }
}

private let partitioning = Partitioning(count: 2)!

extension PartitionStore {
    /// What is known of orders.
    fileprivate func read(orders: [Token]) throws -> Snapshot {
        var request = SnapshotRequest()
        request.orders = orders
        return try read(request)
    }

    /// Decides commands about orders as a worker of one of two partitions would, but writes nothing yet.
    fileprivate func prepareOrders(_ commands: [Command], partition: Int = 0) throws -> BatchWrite {
        var snapshot = try read(SnapshotRequest(toForecast: commands, in: partition, of: partitioning))
        snapshot.orders.partition = partition
        snapshot.orders.partitioning = partitioning
        let decision = try forecast(commands, &snapshot, self)
        var write = BatchWrite(
            headBefore: snapshot.head, decision: decision, at: snapshot.now,
            published: try position().published)
        write.events = decision.events.map { event in
            LoggedEvent(
                seq: event.seq, at: event.at, type: event.happening.type,
                sku: event.happening.sku?.text ?? "",
                token: (event.happening.token ?? event.happening.order)?.text, replyTo: nil,
                correlationID: nil, body: event.happening.body(partition: partition))
        }
        return write
    }

    @discardableResult
    fileprivate func decideOrders(_ commands: [Command], partition: Int = 0) throws -> BatchWrite {
        let write = try prepareOrders(commands, partition: partition)
        try commit(write)
        return write
    }
}
