import NIOCore
import NIOPosix

/// Runs tasks on the one event loop that serves all connections of an ingress.
///
/// A request is short work between waits; handing it to another thread and back costs more than the work itself. One
/// loop answers some ten thousand requests a second; whoever needs more runs more ingresses.
final class EventLoopExecutor: TaskExecutor {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop

    init() { loop = group.next() }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        loop.execute { unowned.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
