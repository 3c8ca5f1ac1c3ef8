import NIOCore
import NIOPosix

/// Runs tasks on the one event loop that serves all connections of an ingress.
///
/// A request is short work between waits; handing it to another thread and back costs more than the work itself. One
/// loop answers some ten thousand requests a second; whoever needs more runs more ingresses.
package final class EventLoopExecutor: TaskExecutor {
    package let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop

    package init() { loop = group.next() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        loop.execute { unowned.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
