import AMQPClient
import Testing
import WeirCore
import WeirTopology
import WeirWire

@testable import WeirLive

/// A person gives up the letters of orders: whoever waits for one is told.
@Suite struct DiscardedOrderTests {
    @Test func discardingAnAcceptedOrderDecidesItSoThatNobodyWaits() async throws {
        let dead = try await DeadRoom.make()
        let room = dead.room
        let token = room.orderToken(coordinatedBy: 0)
        let order = orderSubmit(token, [dead.sku, dead.other])
        let answers = "answers-\(UInt32.random(in: 0...(.max)))"
        try await onThread {
            let connection = try room.connection()
            try connection.declareQueue(name: answers, durable: false)
            connection.close()
        }
        var message = room.message(order, replyTo: answers)
        message.properties.correlationID = "me"
        message.routingKey = BrokerTopology.routingKey(1)
        let stock = [define(dead.sku, stocked: 5), define(dead.other, stocked: 5)]
        try await dead.kill(stock.map { room.message($0) } + [message], letters: 1)
        #expect(try await dead.letter(token).intentState == nil)
        #expect(try await dead.discard(DeadLetterFilter(), "a joke") == .init(letters: 1, intents: 1))
        try await dead.work {
            try await eventually(within: .seconds(60)) {
                try await onThread {
                    let connection = try room.connection()
                    defer { connection.close() }
                    guard let answer = try connection.get(queue: answers, noAck: true) else { return false }
                    #expect(answer.properties.type == "weir.order.rejected.v1")
                    #expect(answer.properties.correlationID == "me")
                    return true
                }
            }
        }
        #expect(
            try room.texts("select status::text || ' ' || reason::text from orders") == ["rejected discarded"]
        )
        #expect(try room.texts("select available::text from sku") == ["5", "5"])
        let letter = try await dead.letter(token)
        #expect(letter.state == .discarded && letter.intentState == "rejected")
        // A decision is final, and the same order again gets it.
        #expect(try await dead.restore(.any) == .init(refused: 1))
        #expect(await dead.publisher.publish(room.message(order)) == .confirmed)
        #expect(await dead.publisher.publish(room.message(submit("end", dead.sku))) == .confirmed)
        try await dead.work {
            try await eventually(within: .seconds(60)) { try dead.status("end") == "confirmed" }
        }
        #expect(try room.orderState(token) == "rejected")
        let report = try await onThread { try LiveAudit(databaseURL: room.databaseURL).run() }
        #expect(report.holds, "\(report.lines)")
        try await dead.end()
    }

    @Test func anOrdersLetterIsRestoredUntilTheOrderIsAskedForAgain() async throws {
        let dead = try await DeadRoom.make()
        let room = dead.room
        let token = room.orderToken(coordinatedBy: 0)
        var unreadable = room.message(orderSubmit(token, [dead.sku, dead.other]))
        unreadable.body = Array(#"{"token":"\#(token)","buyer":"b","lines":[]}"#.utf8)
        try await dead.kill([unreadable])
        #expect(try await dead.discard(DeadLetterFilter(), "no lines") == .init(letters: 1))
        // An intent under the same token is another matter.
        #expect(await dead.publisher.publish(room.message(submit(token, dead.sku))) == .confirmed)
        try await dead.work {
            try await eventually(within: .seconds(60)) { try dead.status(token) == "rejected" }
        }
        #expect(try await dead.letter(token).intentState == nil)
        #expect(try await dead.restore(.any) == .init(letters: 1))
        #expect(try await dead.discard(DeadLetterFilter(), "no lines") == .init(letters: 1))
        let again = room.message(orderSubmit(token, [dead.sku, dead.other]))
        #expect(await dead.publisher.publish(again) == .confirmed)
        try await dead.work {
            try await eventually(within: .seconds(60)) { try room.orderState(token) == "rejected" }
        }
        #expect(try await dead.letter(token).intentState == "rejected")
        #expect(try await dead.restore(.any) == .init(refused: 1))
        try await dead.end()
    }
}
