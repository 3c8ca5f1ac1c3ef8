import AMQPClient
import Testing
import WeirCore
import WeirTopology

@testable import WeirProducer

/// Intents and their outcomes, through real servers and a real worker.
@Suite struct SubmittingTests {
    @Test func whatIsLeftIsReservedAndTheRestIsRejected() async throws {
        try await ProducerRoom.with { room in
            try await room.withWorkers {
                try await room.define("tea", 2)
                let first = try await room.producer.submit(wish("a", "tea", 2))
                #expect(first.status == .reserved && first.holdUntil != nil && !first.isReplayed)
                #expect(first.intent.quantity.units == 2 && first.intent.buyer.text == "ada")
                let second = try await room.producer.submit(wish("b"))
                #expect(second.status == .rejected && second.reason == .soldOut)
                let third = try await room.producer.submit(wish("c", "unheard-of"))
                #expect(third.reason == .unknownSKU)
            }
        }
    }

    @Test func aKnownTokenGetsItsOutcomeAndNothingElse() async throws {
        try await ProducerRoom.with { room in
            try await room.withWorkers {
                try await room.define("tea", 5)
                let first = try await room.producer.submit(wish("a"))
                let again = try await room.producer.submit(wish("a"))
                #expect(again.intent == first.intent && again.isReplayed)
                let other = await failure { () async throws(ProducerError) in
                    try await room.producer.submit(wish("a", "tea", 2))
                }
                #expect(other == .conflict(token: "a"))
                #expect(other?.isRetriable == false)
                #expect(try room.count("select held::int from sku where sku = 'tea'") == 1)
            }
        }
    }

    @Test func twoSubmitsOfOneTokenInFlightBothGetTheOneOutcome() async throws {
        try await ProducerRoom.with { room in
            try await room.define("tea", 5)
            let first = Task { try await room.producer.submit(wish("a")) }
            let second = Task { try await room.producer.submit(wish("a")) }
            try await room.untilWaiting(2)
            try await room.withWorkers {
                let outcomes = try await (first.value, second.value)
                #expect(outcomes.0.intent == outcomes.1.intent && outcomes.0.status == .reserved)
                #expect(outcomes.0.isReplayed != outcomes.1.isReplayed)
                #expect(try room.count("select held::int from sku where sku = 'tea'") == 1)
            }
        }
    }

    @Test func aCrowdGetsAnOutcomeEachAndNoUnitTwice() async throws {
        try await ProducerRoom.with { room in
            try await room.withWorkers {
                try await room.define("tea", 100, holdSeconds: 0)
                let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
                    for number in 0..<1_000 {
                        group.addTask { try await room.producer.submit(wish("t\(number)")) }
                    }
                    return try await group.reduce(into: [Outcome]()) { $0.append($1) }
                }
                #expect(Set(outcomes.map(\.intent.token)).count == 1_000)
                #expect(outcomes.count { $0.status == .confirmed } == 100)
                #expect(outcomes.count { $0.reason == .soldOut } == 900)
                // What was submitted at the same time travelled together.
                #expect(room.producer.core.desk.count == 0)
            }
        }
    }

    @Test func aSaleIsConfirmedAndGivenUpAndBothMayBeRepeated() async throws {
        try await ProducerRoom.with { room in
            try await room.withWorkers {
                try await room.define("tea", 5)
                _ = try await room.producer.submit(wish("a"))
                #expect(try await room.producer.confirm("a", sku: "tea").status == .confirmed)
                #expect(try await room.producer.confirm("a", sku: "tea").status == .confirmed)
                let cancelled = try await room.producer.cancel("a", sku: "tea", id: "give-back-1")
                #expect(cancelled.status == .cancelled && !cancelled.isReplayed)
                let again = try await room.producer.cancel("a", sku: "tea", id: "give-back-1")
                #expect(again.status == .cancelled && again.isReplayed)
                let late = await failure { () async throws(ProducerError) in
                    try await room.producer.confirm("a", sku: "tea")
                }
                guard case .refused(.wrongState, let intent?) = late else {
                    throw TestFailure("\(String(describing: late))")
                }
                #expect(intent.state == .cancelled)
                let unknown = await failure { () async throws(ProducerError) in
                    try await room.producer.confirm("nobody", sku: "tea")
                }
                #expect(unknown == .refused(.unknownToken, nil))
            }
        }
    }

    @Test func anInvalidIntentIsNamedFieldByFieldBeforeAnythingIsSent() async throws {
        try await ProducerRoom.with { room in
            let flawed = PurchaseIntent(token: "a b", sku: "", quantity: 0, buyer: "\n", replaces: "?")
            let error = await failure { () async throws(ProducerError) in
                try await room.producer.submit(flawed)
            }
            guard case .invalid(let flaws) = error else { throw TestFailure("\(String(describing: error))") }
            #expect(flaws.map(\.field) == ["token", "sku", "quantity", "buyer", "replaces"])
            #expect(flaws[0].detail.hasPrefix("'token' is 'a b'; it must have 1 to 128 characters"))
            #expect(error?.description.contains("'quantity' is 0; it must be 1 to 2147483647") == true)
            await #expect(throws: ProducerError.self) { try await room.producer.enqueue(flawed) }
            let confirm = await failure { () async throws(ProducerError) in
                try await room.producer.confirm("a", sku: "tea tea", id: "")
            }
            guard case .invalid(let wrong) = confirm else {
                throw TestFailure("\(String(describing: confirm))")
            }
            #expect(wrong.map(\.field) == ["sku", "id"])
            #expect(try await room.messagesWaiting() == 0)
            // The count sees what is sent.
            try await room.producer.enqueue(wish("a"))
            try await eventually("one waits") { try await room.messagesWaiting() == 1 }
        }
    }

    @Test func whatIsEnqueuedIsDecidedAndHeardOf() async throws {
        try await ProducerRoom.with { room in
            try await room.define("tea", 3)
            let heard = room.producer.outcomes()
            for number in 0..<5 { try await room.producer.enqueue(wish("t\(number)")) }
            try await room.withWorkers {
                var outcomes: [Outcome] = []
                for await outcome in heard {
                    outcomes.append(outcome)
                    if outcomes.count == 5 { break }
                }
                #expect(outcomes.map(\.intent.token.text) == (0..<5).map { "t\($0)" })
                #expect(outcomes.map(\.status) == [.reserved, .reserved, .reserved, .rejected, .rejected])
            }
        }
    }

    @Test func theNumberOfPartitionsIsFoundOut() async throws {
        try await ProducerRoom.with(partitions: 5) { room in
            #expect(room.producer.core.partitioning.count == 5)
        }
    }
}
