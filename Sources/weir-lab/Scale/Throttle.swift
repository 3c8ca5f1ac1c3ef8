import AMQPClient
import Glibc

/// Lets each of some processes run for a share of the time only, as if its machine were slower: so a part can become the
/// limit on a machine that has to carry all the others, too.
///
/// The processes are stopped and continued in turn, so that they run beside each other as little as possible.
final class Throttle {
    /// Short beside everything that notices a silence, long beside a change of processes.
    private static let periodMicroseconds = 20_000.0

    private let signal = StopFlag()
    private let threads: [DedicatedThread]

    init(_ processes: [Int32], share: Double) {
        let signal = signal
        threads = processes.enumerated().map { place, process in
            DedicatedThread(name: "throttle") {
                let running = useconds_t(Self.periodMicroseconds * share)
                let standing = useconds_t(Self.periodMicroseconds) - running
                usleep(useconds_t(Self.periodMicroseconds * Double(place) / Double(processes.count)))
                while !signal.isSet {
                    kill(process, SIGSTOP)
                    usleep(standing)
                    kill(process, SIGCONT)
                    usleep(running)
                }
            }
        }
    }

    /// Lets all of them run again.
    func stop() {
        signal.set()
        for thread in threads { thread.join() }
    }
}
