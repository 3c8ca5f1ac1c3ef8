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
        let (stop, box, turn) = (stop, PhaseBox(), TurnClock())
        (self.box, self.turn) = (box, turn)
        thread = DedicatedThread(name: "partition-\(partition)") {
            let owner = ports(stop)
            while !stop.isStopping {
                turn.begin()
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
    private let turn: TurnClock

    var current: Phase { box.get() }

    /// How long its present turn lasts; nil when it has none.
    var turnTime: Duration? { current == .owning ? turn.time : nil }

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

/// When a thread began its present turn.
private final class TurnClock: Sendable {
    private let epoch = ContinuousClock.now
    /// In nanoseconds since the epoch; -1 before the first turn.
    private let began = Atomic<Int64>(-1)

    func begin() { began.store(now, ordering: .relaxed) }

    var time: Duration? {
        let began = began.load(ordering: .relaxed)
        return began < 0 ? nil : .nanoseconds(now - began)
    }

    private var now: Int64 {
        let time = ContinuousClock.now - epoch
        return time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000
    }
}
