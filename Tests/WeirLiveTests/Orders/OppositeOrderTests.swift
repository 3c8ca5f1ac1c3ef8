import AMQPClient
import Testing
import WeirCore
import WeirLive

/// saleor#17123, vendure#4930: orders over the same SKUs in opposite order lock each other out.
@Suite struct OppositeOrders {
    /// Enough for everybody: then nobody is refused, whatever the order of the lines.
    @Test func oppositeOrdersAllSucceedWhereThereIsEnough() async throws {
        try await rush(orders: 240, stocked: 240) { (room: LiveRoom) throws -> Void in
            #expect(try room.count("select count(*) from orders where status = 'reserved'") == 240)
            #expect(try room.count("select count(*) from intent where status = 'reserved'") == 720)
        }
    }

    /// Too little for everybody: some get all of theirs, the others nothing.
    @Test func oppositeOrdersOverTheLastUnitsAreAllOrNothing() async throws {
        try await rush(orders: 300, stocked: 50) { (room: LiveRoom) throws -> Void in
            let reserved = try room.count("select count(*) from orders where status = 'reserved'")
            #expect(reserved <= 50)
            #expect(try room.count("select count(*) from orders where status = 'rejected'") == 300 - reserved)
            #expect(
                try room.count("select count(*) from intent where status = 'reserved'") == 3 * reserved)
            #expect(try room.count("select count(*) from sku where held <> \(reserved)") == 0)
            // Nobody was refused for want of an answer: every one of them names a line that was short.
            #expect(
                try room.count(
                    "select count(*) from orders where status = 'rejected' and lines not like '%sold_out%'")
                    == 0)
        }
    }

    private func rush(
        orders: Int, stocked: Int64, _ check: (LiveRoom) throws -> Void
    ) async throws {
        let room = try await LiveRoom.make(partitions: 3)
        let skus = (0..<3).map { room.sku(in: $0) }
        let pool = room.pool()
        pool.start()
        defer { pool.stop() }
        try await room.publish(skus.map { define($0, stocked: stocked, holdSeconds: 900) })
        let publishers = (0..<4).map { _ in room.publisher() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, publisher) in publishers.enumerated() {
                group.addTask {
                    #expect(await publisher.waitUntilReady(timeout: .seconds(60)))
                    for order in stride(from: number, to: orders, by: publishers.count) {
                        // Forwards, backwards, and beginning in the middle.
                        let turned = [skus, skus.reversed(), [skus[1], skus[2], skus[0]]][order % 3]
                        let wish = room.message(orderSubmit("o\(order)", turned))
                        #expect(await publisher.publish(wish) == .confirmed)
                    }
                }
            }
            try await group.waitForAll()
        }
        try await onThread { for publisher in publishers { publisher.stop(drain: .seconds(1)) } }
        #expect(
            try await eventually(within: .seconds(60)) {
                try room.count("select count(*) from orders") == orders
            })
        #expect(try await room.ordersSettle())
        #expect(
            try room.count("select deadlocks from pg_stat_database where datname = current_database()") == 0)
        try room.expectWholeOrders()
        try check(room)
    }
}
