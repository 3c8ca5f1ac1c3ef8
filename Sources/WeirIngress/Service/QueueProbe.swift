import AMQPClient
import Logging
import Synchronization
import WeirProducer
import WeirTopology

/// Sees whether the partitions' queues exist, for `/readyz`: asks the broker when somebody wants to know, on a
/// thread and a connection of its own, and remembers the answer for some seconds.
///
/// Not on the outcome queue's connection: a queue that is missing would take the consumer along.
final class QueueProbe: Sendable {
    /// What is wrong, or nil when every queue is there.
    typealias Finding = String?

    private static let freshNanoseconds: UInt64 = 3_000_000_000

    private let settings: AMQPSettings
    private let queues: [String]
    private let mailbox = Mailbox<Awaited<Finding>>(limit: 1000)
    private let ready: Mutex<[Int]>
    private let last = Mutex<(finding: Finding, at: UInt64)?>(nil)
    private let thread = Mutex<DedicatedThread?>(nil)

    init(_ settings: IngressSettings, partitions: Int) {
        var amqp = AMQPSettings(
            url: settings.amqpURL, connectionName: "weir ingress \(settings.instance) readiness")
        amqp.connectTimeoutSeconds = 2
        amqp.rpcTimeoutSeconds = 2
        self.settings = amqp
        queues = (0..<partitions).map(BrokerTopology.intentsQueue)
        ready = Mutex([])
    }

    func start() {
        thread.withLock { $0 = DedicatedThread(name: "weir-readiness") { self.run() } }
    }

    func stop() {
        mailbox.close()
        thread.withLock { $0 }?.join()
    }

    /// What is wrong with the queues; the answer is at most three seconds old.
    func finding() async -> Finding {
        if let last = last.withLock({ $0 }), monotonicNanoseconds() &- last.at < Self.freshNanoseconds {
            return last.finding
        }
        let answer = Awaited<Finding>()
        guard mailbox.put(answer) == .accepted else { return "the probe has stopped or is overrun" }
        return await answer.value
    }

    /// How many messages were ready in each queue when somebody last asked; empty when nobody could tell.
    var depths: [Int] { ready.withLock { $0 } }

    private func run() {
        var connection: Connection?
        while true {
            let asked = mailbox.take(waiting: .seconds(1))
            guard !asked.isEmpty else {
                guard !mailbox.isClosed else { break }
                // Heartbeats are sent inside calls only.
                do throws(AMQPError) { try connection?.pump() } catch { connection = nil }
                continue
            }
            let finding = probe(&connection)
            last.withLock { $0 = (finding, monotonicNanoseconds()) }
            for answer in asked { answer.finish(finding) }
        }
        connection?.close()
    }

    private func probe(_ connection: inout Connection?) -> Finding {
        do throws(AMQPError) {
            if connection == nil { connection = try Connection(settings) }
            guard let open = connection else { return "not connected to the broker" }
            var depths: [Int] = []
            for queue in queues { depths.append(try open.checkQueue(queue).messageCount) }
            ready.withLock { $0 = depths }
            return nil
        } catch {
            ready.withLock { $0 = [] }
            if connection?.endedBecause != nil { connection = nil }
            return error.message
        }
    }
}
