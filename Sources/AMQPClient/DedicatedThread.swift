import CRabbitMQ
import Glibc
import Synchronization

/// A POSIX thread with a stack of its own size, for code that blocks or recurses in C.
///
/// Every thread that calls librabbitmq needs 16 MiB: it decodes nested header tables by recursion, and a
/// stranger's message of 131 KB runs over a stack of 2 MiB.
public final class DedicatedThread: Sendable {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// The thread until somebody has joined it.
    private let unjoined: Mutex<pthread_t?>
    private let identity: pthread_t

    /// Starts the thread.
    /// - Parameters:
    ///   - name: for `ps` and the debugger; Linux keeps 15 bytes.
    ///   - stackSize: in bytes; address space, not memory, until it is touched.
    ///   - body: what it runs.
    public init(name: String, stackSize: Int = 16 << 20, _ body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackSize)
        defer { pthread_attr_destroy(&attributes) }
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                weir_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        precondition(status == 0, "cannot start thread \(name): \(String(cString: strerror(status)))")
        identity = thread
        unjoined = Mutex(thread)
    }

    deinit {
        unjoined.withLock { if let thread = $0 { pthread_detach(thread) } }
    }

    /// Whether the caller runs on this thread.
    public var isCurrent: Bool { pthread_equal(identity, pthread_self()) != 0 }

    /// Waits until the thread has ended. From any thread, several times; on the thread itself it returns at
    /// once.
    public func join() {
        guard !isCurrent else { return }
        unjoined.withLock { thread in
            if let running = thread { pthread_join(running, nil) }
            thread = nil
        }
    }
}
