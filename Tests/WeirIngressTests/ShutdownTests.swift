import Synchronization
import Testing
import WeirLive

@testable import WeirIngress

@Suite(.serialized) struct ShutdownTests {
    private final class Ledger: Sendable {
        let accepted = Mutex<[String]>([])
        let odd = Mutex<[String]>([])
    }

    @Test func waitingRequestsAreAnsweredWithinTheGrace() async throws {
        try await IngressRoom.with(workers: false) { room in
            let replies = try await withThrowingTaskGroup(of: Reply.self) { group in
                for number in 0..<20 {
                    group.addTask { try await room.submit("t\(number)", "shoe", wait: 30) }
                }
                let desk = room.ingress.deskForTests
                try await eventually("all wait") { desk.count == 20 }
                let start = ContinuousClock.now
                await room.shutDown()
                try await room.ended()
                #expect(ContinuousClock.now - start < .seconds(7))
                return try await group.reduce(into: [Reply]()) { $0.append($1) }
            }
            #expect(replies.allSatisfy { $0.status == 202 && $0.text("status") == "queued" })
        }
    }

    @Test func aShutdownUnderLoadLosesNothingThatWasAccepted() async throws {
        try await IngressRoom.with { room in
            try await room.define("shoe", 100_000, holdSeconds: 0)
            let ledger = Ledger()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<32 {
                    group.addTask {
                        var number = 0
                        // Until the connection is closed or refused.
                        while let reply = try? await room.submit(
                            "c\(client)-\(number)", "shoe", wait: number % 2 == 0 ? 5 : nil)
                        {
                            let token = "c\(client)-\(number)"
                            if reply.status == 200 || reply.status == 202 {
                                ledger.accepted.withLock { $0.append(token) }
                            } else {
                                ledger.odd.withLock { $0.append("\(reply.status) \(reply.bodyText)") }
                            }
                            number += 1
                        }
                    }
                }
                try await eventually("under load") { ledger.accepted.withLock { $0.count } > 500 }
                let start = ContinuousClock.now
                await room.shutDown()
                try await room.ended()
                #expect(ContinuousClock.now - start < .seconds(6))
                try await group.waitForAll()
            }
            let tokens = ledger.accepted.withLock { $0 }
            #expect(ledger.odd.withLock { $0 } == [])
            try await eventually("all that was accepted is decided") {
                try room.count("select count(*)::int from intent where status = 'confirmed'") >= tokens.count
            }
            print("shutdown under load: \(tokens.count) accepted")
        }
    }

    @Test func aPortThatIsTakenIsAnErrorAndNotAHang() async throws {
        try await IngressRoom.with(workers: false, waitUntilReady: false) { room in
            var settings = IngressSettings(databaseURL: room.room.databaseURL, amqpURL: room.room.amqpURL)
            settings.port = room.port
            let second = try Ingress(settings: settings, partitioning: room.partitioning, logger: .quiet)
            await #expect(throws: (any Error).self) { try await second.run() }
            #expect(await second.started() == 0)
        }
    }
}
