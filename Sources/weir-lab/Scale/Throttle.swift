import AMQPClient
import Glibc

/// Lets each of some processes run for a share of the time only, as if its machine were slower: so a part can become the
/// limit on a machine that has to carry all the others, too.
///
/// The processes are stopped and continued in turn, so that they run beside each other as little as possible.
final class Throttle {
    /// How long a process runs at a time: with what it then stands still, short beside everything that notices a silence.
    private static let runMicroseconds: useconds_t = 2_000
    private static let longestPause = Duration.milliseconds(200)

    private let signal = StopFlag()
    private let threads: [DedicatedThread]

    init(_ processes: [Int32], share: Double) {
        let signal = signal
        threads = processes.enumerated().map { place, process in
            DedicatedThread(name: "throttle") {
                usleep(Self.runMicroseconds * useconds_t(place))
                while !signal.isSet {
                    let begin = ContinuousClock.now
                    usleep(Self.runMicroseconds)
                    // On a busy machine that was longer than it should be: then it stands still for longer, too.
                    let pause = min((ContinuousClock.now - begin) * (1 / share - 1), Self.longestPause)
                    kill(process, SIGSTOP)
                    usleep(useconds_t(pause / .microseconds(1)))
                    kill(process, SIGCONT)
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
