import AMQPClient
import Testing
import WeirTopology

/// Queues that are full or gone, on the shared servers.
@Suite struct FullQueueTests {
    @Test func aFullQueueIs503AndNothingThatWasAcceptedIsLost() async throws {
        try await IngressRoom.with(partitions: 1, workers: false, topology: false, waitUntilReady: false) {
            room in
            let url = room.room.amqpURL
            try await offAsyncThreads {
                Result {
                    let connection = try Connection(AMQPSettings(url: url))
                    try connection.declareExchange(name: BrokerTopology.intents, type: "direct")
                    try connection.declareExchange(name: BrokerTopology.events, type: "topic")
                    try connection.declareQueue(
                        name: BrokerTopology.intentsQueue(0),
                        arguments: [
                            "x-queue-type": "quorum", "x-max-length": 5, "x-overflow": "reject-publish",
                        ])
                    try connection.bindQueue(
                        queue: BrokerTopology.intentsQueue(0), exchange: BrokerTopology.intents,
                        routingKey: "0")
                    connection.close()
                }
            }.get()
            try await room.untilReady()
            var accepted = 0
            var refused: Reply?
            for number in 0..<200 where refused == nil {
                let reply = try await room.submit("t\(number)", "shoe")
                if reply.status == 202 { accepted += 1 } else { refused = reply }
            }
            #expect(accepted >= 5)
            #expect(refused?.status == 503 && refused?.problem == "queue-full")
            #expect(refused?.headers.first(name: "retry-after") != nil)
            let unknown = try await room.get("/v1/intents/t\(accepted)")
            #expect(unknown.status == 404)
            // A command meets the same queue.
            let command = try await room.command("t0", "confirm", query: "?sku=shoe")
            #expect(command.status == 503 && command.problem == "queue-full")
        }
    }

    @Test func aMissingQueueIs503AndSaysWhatToDo() async throws {
        try await IngressRoom.with(partitions: 1, workers: false) { room in
            let url = room.room.amqpURL
            _ = try await offAsyncThreads {
                Result {
                    let connection = try Connection(AMQPSettings(url: url))
                    try connection.deleteQueue(BrokerTopology.intentsQueue(0))
                    connection.close()
                }
            }.get()
            let reply = try await room.submit("t", "shoe")
            #expect(reply.status == 503 && reply.problem == "queue-missing", "\(reply.bodyText)")
            #expect(reply.text("detail")?.contains("weir topology apply") == true)
            try await eventually("readiness fails") {
                try await room.get("/readyz").bodyText.contains("weir.intents.p00")
            }
        }
    }
}
