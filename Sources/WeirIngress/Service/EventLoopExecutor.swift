import DequeModule
import NIOCore
import NIOPosix
import Synchronization
import WeirProducer

/// Runs tasks on the one event loop that serves all connections of an ingress.
///
/// A request is short work between waits; handing it to another thread and back costs more than the work itself. One
/// loop answers some ten thousand requests a second; whoever needs more runs more ingresses.
///
/// The loop runs whatever was handed to it before it looks at its connections again. The outcomes of a full message wake
/// hundreds of tasks at once, and for all that time nobody would be heard; so they are run some at a time.
package final class EventLoopExecutor: TaskExecutor {
    package let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop

    /// How many jobs are run before the loop looks at its connections: a millisecond or two.
    private static let most = 64
    /// What lies in the future keeps the loop from its connections no longer.
    private static let pause = TimeAmount.microseconds(10)

    private struct Jobs: Sendable {
        var waiting: Deque<(job: UnownedJob, since: UInt64)> = []
        /// Whether the loop knows that there are some.
        var isScheduled = false
    }

    private let jobs = Mutex(Jobs())

    package init() { loop = group.next() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let now = monotonicNanoseconds()
        let isFirst = jobs.withLock { jobs in
            jobs.waiting.append((job, now))
            defer { jobs.isScheduled = true }
            return !jobs.isScheduled
        }
        if isFirst { loop.execute { self.runSome() } }
    }

    /// How long the job that comes next has waited at `now`, in nanoseconds.
    func wait(now: UInt64) -> UInt64 {
        let since = jobs.withLock { $0.waiting.first?.since ?? now }
        return now > since ? now - since : 0
    }

    private func runSome() {
        for _ in 0..<Self.most {
            let next = jobs.withLock { jobs in
                let next = jobs.waiting.popFirst()?.job
                if next == nil { jobs.isScheduled = false }
                return next
            }
            guard let next else { return }
            next.runSynchronously(on: asUnownedTaskExecutor())
        }
        loop.scheduleTask(in: Self.pause) { self.runSome() }
    }
}
