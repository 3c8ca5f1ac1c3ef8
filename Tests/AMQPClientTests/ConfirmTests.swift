import AMQPClient
import Testing

extension WithBroker {
    @Suite struct Confirms {
        @Test func twentyThousandAreConfirmedOnceEachAndInOrder() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            let count = 20_000
            try await withPublisher(url) { publisher in
                let ledger = Ledger(count)
                for start in stride(from: 0, to: count, by: 500) {
                    publisher.publish((start..<start + 500).map { toQueue("q", text($0)) }) {
                        index, outcome in
                        ledger.note(start + index, outcome)
                    }
                }
                let outcomes = try await ledger.settled()
                #expect(outcomes.allSatisfy { $0 == .confirmed })
            }
            let bodies = try await drain(url, "q", count).map(\.body)
            #expect(bodies == (0..<count).map(text))
        }

        @Test func returnsFindTheirMessagesAmongGoodOnes() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            let count = 5000
            try await withPublisher(url) { publisher in
                let ledger = Ledger(count)
                let messages = (0..<count).map { toQueue($0 % 3 == 0 ? "nowhere" : "q", text($0)) }
                publisher.publish(messages) { ledger.note($0, $1) }
                for (index, outcome) in try await ledger.settled().enumerated() {
                    let expected: Publisher.Outcome =
                        index % 3 == 0 ? .returned(code: 312, text: "NO_ROUTE") : .confirmed
                    #expect(outcome == expected)
                }
                let unheard = OutgoingMessage(exchange: "", routingKey: "nowhere", body: [], mandatory: false)
                #expect(await publisher.publish(unheard) == .confirmed)
                #expect(publisher.reconnects == 0)
            }
        }

        @Test func aFullQueueNacks() async throws {
            let url = try await testBrokerURL()
            try await declare(
                url, "q", ["x-queue-type": "quorum", "x-max-length": 10, "x-overflow": "reject-publish"])
            try await withPublisher(url) { publisher in
                let ledger = Ledger(2000)
                publisher.publish((0..<2000).map { toQueue("q", text($0)) }) { ledger.note($0, $1) }
                let outcomes = try await ledger.settled()
                let confirmed = outcomes.count { $0 == .confirmed }
                #expect(confirmed >= 10 && outcomes.count { $0 == .nacked } == 2000 - confirmed)
                #expect(outcomes.last == .nacked)
                #expect(try await drain(url, "q", confirmed).count == confirmed)
            }
        }

        @Test func sixtyFourCallersAtOnce() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            try await withPublisher(url) { publisher in
                let confirmed = await withTaskGroup(of: Int.self) { group in
                    for caller in 0..<64 {
                        group.addTask {
                            var confirmed = 0
                            for number in 0..<50
                            where await publisher.publish(toQueue("q", text(caller * 50 + number)))
                                == .confirmed
                            {
                                confirmed += 1
                            }
                            return confirmed
                        }
                    }
                    return await group.reduce(0, +)
                }
                #expect(confirmed == 3200)
                let blocking = try await onThread { publisher.publishAndWait(toQueue("q", [])) }
                #expect(blocking == .confirmed)
            }
            #expect(Set(try await drain(url, "q", 3201).map(\.body)).count == 3201)
        }

        @Test func flawsAreRefusedWhileOthersGoThrough() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            try await withPublisher(url) { publisher in
                var bad = toQueue("q", [])
                bad.properties.messageID = String(repeating: "x", count: 256)
                let ledger = Ledger(3)
                publisher.publish([toQueue("q", [1]), bad, toQueue("q", [2])]) { ledger.note($0, $1) }
                let outcomes = try await ledger.settled()
                #expect(outcomes[0] == .confirmed && outcomes[1].isRefused && outcomes[2] == .confirmed)
                #expect(await publisher.publish(bad).isRefused)
            }
        }

        @Test func aFullMailboxSaysSoAtOnce() async throws {
            let url = try await testBrokerURL()
            try await declare(url, "q")
            try await withPublisher(
                url,
                {
                    $0.mailboxLimit = 100; $0.window = 10
                }
            ) { publisher in
                let ledger = Ledger(5000)
                publisher.publish((0..<5000).map { toQueue("q", text($0)) }) { ledger.note($0, $1) }
                let outcomes = try await ledger.settled()
                #expect(outcomes[..<100].allSatisfy { $0 == .confirmed })
                #expect(outcomes[100...].allSatisfy { $0.isUnavailable })
            }
        }
    }
}
