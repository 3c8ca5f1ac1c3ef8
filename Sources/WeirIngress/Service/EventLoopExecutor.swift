import DequeModule
import NIOCore
import NIOPosix
import Synchronization
import WeirProducer

/// Runs tasks, and pieces of work without a task, on the one event loop that serves all connections of an ingress.
///
/// A request is short work between waits; handing it to another thread and back costs more than the work itself. One
/// loop answers some ten thousand requests a second; whoever needs more runs more ingresses.
///
/// The loop runs whatever was handed to it before it looks at its connections again. The outcomes of a full message wake
/// hundreds at once, and for all that time nobody would be heard; so they are run some at a time. However many there
/// are, the loop is woken once.
package final class EventLoopExecutor: TaskExecutor {
    package let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop

    /// How many jobs are run before the loop looks at its connections: a millisecond or two.
    private static let most = 64
    /// What lies in the future keeps the loop from its connections no longer.
    private static let pause = TimeAmount.microseconds(10)

    private enum Job: Sendable {
        case task(UnownedJob)
        case piece(@Sendable () -> Void)
    }

    private struct Jobs: Sendable {
        var waiting: Deque<(job: Job, since: UInt64)> = []
        /// Whether the loop knows that there are some.
        var isScheduled = false
    }

    private let jobs = Mutex(Jobs())

    package init() { loop = group.next() }

    package func enqueue(_ job: consuming ExecutorJob) { add(.task(UnownedJob(job))) }

    /// Runs a piece of work on the loop, in its turn among the tasks.
    package func run(_ piece: @escaping @Sendable () -> Void) { add(.piece(piece)) }

    private func add(_ job: Job) {
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
            switch next {
            case .task(let job): job.runSynchronously(on: asUnownedTaskExecutor())
            case .piece(let piece): piece()
            case nil: return
            }
        }
        loop.scheduleTask(in: Self.pause) { self.runSome() }
    }
}
