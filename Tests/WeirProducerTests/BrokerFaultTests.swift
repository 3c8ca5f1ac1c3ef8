import Testing
import WeirSandbox

@testable import WeirProducer

/// A broker of its own that is killed and runs out of memory.
@Suite(.serialized) struct BrokerFaultTests {
    @Test func aBrokerThatIsKilledIsFoundAgainAndARetryGetsTheOutcome() async throws {
        let sandbox = try await Sandbox.start()
        do {
            try await ProducerRoom.with(sandbox) { room in
                try await room.define("tea", 5)
                let waited = Task { try await room.producer.submit(wish("patient"), timeout: .seconds(120)) }
                try await room.untilWaiting(1)
                await sandbox.rabbitmq.kill()
                let away = await failure { () async throws(ProducerError) in
                    try await room.producer.submit(wish("hasty"), timeout: .milliseconds(300))
                }
                #expect(away?.isRetriable == true && away != .undecided, "\(String(describing: away))")
                try await sandbox.rabbitmq.restart()
                try await room.withWorkers {
                    // The retry of the one that gave up, and the wait of the one that did not.
                    let retried = try await room.producer.submit(wish("hasty"), timeout: .seconds(120))
                    #expect(retried.status == .reserved)
                    let patient = try await waited.value
                    #expect(patient.status == .reserved)
                    #expect(try room.count("select held::int from sku where sku = 'tea'") == 2)
                }
                try await alarm(sandbox, room)
            }
        } catch {
            await sandbox.stop()
            throw error
        }
        await sandbox.stop()
    }

    private func alarm(_ sandbox: Sandbox, _ room: ProducerRoom) async throws {
        try await sandbox.runRabbitmqctl(["set_vm_memory_high_watermark", "0.0001"])
        var seen: ProducerError?
        try await eventually("it is blocked") {
            seen = await failure { () async throws(ProducerError) in
                try await room.producer.submit(wish("blocked"), timeout: .seconds(1))
            }
            if case .blocked = seen { return true }
            return false
        }
        #expect(seen?.description.contains("low on memory") == true, "\(String(describing: seen))")
        try await sandbox.runRabbitmqctl(["set_vm_memory_high_watermark", "absolute", "2GB"])
        try await room.withWorkers {
            try await eventually("it goes on") {
                await failure { () async throws(ProducerError) in
                    try await room.producer.submit(wish("blocked"), timeout: .seconds(2))
                } == nil
            }
        }
    }
}
