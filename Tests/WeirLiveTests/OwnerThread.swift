import AMQPClient
import Synchronization
import WeirLive
import WeirPipeline

/// A worker process with one partition, run inside the test: whenever it dies, another one is started.
final class OwnerThread: Sendable {
    private struct State {
        var lives = 0
        var status: PartitionOwner<FaultyPorts>.Status?
        var reports: [String] = []
        var published: Int64 = 0
    }

    private let state = Mutex(State())
    private let stopSignal = StopSignal()
    private let thread = Mutex<DedicatedThread?>(nil)
    let plan: FaultPlan

    /// - Parameters:
    ///   - isReborn: whether it goes on when it has died or was released, as a supervised process does.
    ///   - settings: servers by another way than the room's own.
    init(
        _ room: LiveRoom, partition: Int, _ plan: FaultPlan = FaultPlan(), isReborn: Bool = true,
        settings: WorkerSettings? = nil
    ) {
        self.plan = plan
        let settings = settings ?? room.workerSettings
        thread.withLock {
            $0 = DedicatedThread(name: "owner-\(partition)") { [self] in
                repeat { live(room, settings, partition) } while isReborn && !stopSignal.isStopping
            }
        }
    }

    /// How many processes there were.
    var lives: Int { state.withLock { $0.lives } }
    /// How the last step ended.
    var status: PartitionOwner<FaultyPorts>.Status? { state.withLock { $0.status } }
    /// What it had to say about trouble.
    var reports: [String] { state.withLock { $0.reports } }
    /// Up to which event the broker has confirmed.
    var published: Int64 { state.withLock { $0.published } }

    /// Gives the partition back in order and ends the thread.
    func stop() {
        stopSignal.stop()
        thread.withLock { $0 }?.join()
    }

    private func live(_ room: LiveRoom, _ settings: WorkerSettings, _ partition: Int) {
        let publisher = Publisher(
            settings: .init(amqp: AMQPSettings(url: settings.amqpURL, connectionName: "test events")),
            logger: .quiet)
        _ = publisher.waitUntilReady(timeout: .seconds(5))
        let ports = FaultyPorts(
            room, settings, partition: partition, publisher: publisher, plan: plan, stop: stopSignal)
        let owner = PartitionOwner(ports, partition: partition, of: room.partitioning)
        state.withLock { $0.lives += 1 }
        var isOver = false
        while !stopSignal.isStopping, !isOver {
            let status = owner.step()
            state.withLock { state in
                state.status = status
                state.reports = ports.reports
                state.published = owner.published
            }
            isOver = ports.isDead || status != .running
        }
        if ports.isDead {
            publisher.cutConnection()
            publisher.stop(drain: .zero)
        } else {
            if !isOver { owner.release() }
            publisher.stop(drain: .seconds(1))
            if isOver { stopSignal.wait(.milliseconds(100)) }
        }
    }
}
