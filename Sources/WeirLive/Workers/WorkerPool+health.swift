import AMQPClient
import WeirTopology

/// What keeps a worker process from its work.
public struct WorkerFault: Sendable, Hashable {
    /// What is concerned, such as `partition_3` or `broker`.
    public let name: String
    /// One sentence.
    public let detail: String
}

extension WorkerPool {
    /// How long a partition's thread may be busy with one turn until it counts as stuck.
    static let turnPatience = Duration.seconds(10)

    /// What is wrong now; nothing when the process is ready.
    public var faults: [WorkerFault] {
        var faults: [WorkerFault] = []
        switch publisher.state {
        case .ready: break
        case .connecting:
            faults.append(WorkerFault(name: "broker", detail: "events cannot be published: not connected"))
        case .blocked(let why):
            faults.append(WorkerFault(name: "broker", detail: "the broker has blocked the events: \(why)"))
        case .stopped: faults.append(WorkerFault(name: "worker", detail: "it has stopped"))
        }
        if let quiet = supervisorSilence, quiet > .seconds(10) {
            faults.append(
                WorkerFault(
                    name: "database",
                    detail: "the supervisor has had no answer for \(quiet.components.seconds) s"))
        }
        for (partition, why) in stopped.sorted(by: { $0.key < $1.key }) {
            faults.append(WorkerFault(name: "partition_\(partition)", detail: "it has stopped: \(why)"))
        }
        for partition in gauges.queueless {
            faults.append(
                WorkerFault(
                    name: "partition_\(partition)",
                    detail:
                        "its queue \(BrokerTopology.intentsQueue(partition)) is gone, and what waited in it is"
                        + " lost; run `weir topology apply`"))
        }
        for (partition, time) in stuckTurns.sorted(by: { $0.key < $1.key }) {
            faults.append(
                WorkerFault(
                    name: "partition_\(partition)",
                    detail: "it is stuck: its thread has been in one turn for \(time.components.seconds) s"))
        }
        for (partition, time) in gauges.stuck.sorted(by: { $0.key < $1.key }) {
            faults.append(
                WorkerFault(
                    name: "partition_\(partition)",
                    detail:
                        "it is stuck: messages are ready, and none was decided for \(time.components.seconds) s"
                ))
        }
        return faults
    }
}
