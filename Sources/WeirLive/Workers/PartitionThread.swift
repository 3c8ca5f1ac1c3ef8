import AMQPClient
import Logging
import Synchronization
import WeirPipeline

/// The thread that owns one partition: from the moment it is told to take it until it has given it back.
final class PartitionThread: Sendable {
    enum Phase: Sendable, Equatable {
        case owning
        case releasing
        case ended
        case stopped(String)
    }

    let partition: Int
    private let stop = StopSignal()
    private let thread: DedicatedThread

    init(
        partition: Int, settleSeconds: Int,
        ports: @escaping @Sendable (StopSignal) -> PartitionOwner<LivePartitionPorts>
    ) {
        self.partition = partition
        let (stop, box) = (stop, PhaseBox())
        self.box = box
        thread = DedicatedThread(name: "partition-\(partition)") {
            let owner = ports(stop)
            while !stop.isStopping {
                switch owner.step() {
                case .running: continue
                case .released: return box.set(.ended)
                case .stopped(let why): return box.set(.stopped(why))
                }
            }
            box.set(.releasing)
            owner.release(settle: .seconds(settleSeconds))
            box.set(.ended)
        }
    }

    private let box: PhaseBox

    var current: Phase { box.get() }

    /// Whether it was asked to give the partition back and has not done so yet.
    var isReleasing: Bool { stop.isStopping && (current == .owning || current == .releasing) }

    func release() { stop.stop() }

    func join() { thread.join() }
}

private final class PhaseBox: Sendable {
    private let phase = Mutex(PartitionThread.Phase.owning)
    func set(_ next: PartitionThread.Phase) { phase.withLock { $0 = next } }
    func get() -> PartitionThread.Phase { phase.withLock { $0 } }
}
