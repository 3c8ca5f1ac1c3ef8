import CRabbitMQ
import DequeModule
import Glibc
import Synchronization

/// Where threads and tasks hand things to one thread: a bounded queue whose descriptor can be polled.
///
/// Anybody puts, without ever waiting; one thread takes, and sleeps in `poll` on `fileDescriptor`, alone
/// (`wait`) or together with a socket. The descriptor is an eventfd, written only when the mailbox stops
/// being empty and on `close` or `wake`; a `take` or `wait` that leaves it empty clears it.
public final class Mailbox<Element: Sendable>: Sendable {
    /// What became of an element.
    public enum Receipt: Sendable, Equatable {
        /// It will be taken.
        case accepted
        /// The mailbox holds `limit` elements.
        case full
        /// Nothing more is taken in.
        case closed
    }

    private struct State {
        var elements = Deque<Element>()
        var closed: Bool
        /// Whether the eventfd is readable, to spare the system call.
        var signalled = false
    }

    /// The most elements it holds.
    public let limit: Int

    /// Readable while there is something to notice. Only to be polled.
    public let fileDescriptor: Int32

    private let state: Mutex<State>

    /// An empty mailbox.
    public init(limit: Int = .max, closed: Bool = false) {
        self.limit = limit
        state = Mutex(State(closed: closed))
        fileDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        precondition(fileDescriptor >= 0, "the process is out of file descriptors")
    }

    deinit { _ = Glibc.close(fileDescriptor) }

    /// Puts one element at the end.
    public func put(_ element: Element) -> Receipt {
        state.withLock { state in
            guard !state.closed else { return .closed }
            guard state.elements.count < limit else { return .full }
            state.elements.append(element)
            signal(&state)
            return .accepted
        }
    }

    /// Puts as many as fit, from the first, one behind the other; returns how many (0 when closed).
    public func put(contentsOf elements: some Collection<Element>) -> Int {
        guard !elements.isEmpty else { return 0 }
        return state.withLock { state in
            guard !state.closed else { return 0 }
            let count = min(elements.count, limit - state.elements.count)
            guard count > 0 else { return 0 }
            state.elements.append(contentsOf: elements.prefix(count))
            signal(&state)
            return count
        }
    }

    /// The first elements, at most so many, without waiting; also of a closed mailbox.
    public func take(upTo count: Int = .max) -> [Element] {
        state.withLock { state in
            let taken = Array(state.elements.prefix(count))
            state.elements.removeFirst(taken.count)
            clear(&state)
            return taken
        }
    }

    /// The first elements as long as they match, without waiting.
    public func take(while matches: (Element) -> Bool) -> [Element] {
        state.withLock { state in
            let taken = Array(state.elements.prefix(while: matches))
            state.elements.removeFirst(taken.count)
            clear(&state)
            return taken
        }
    }

    /// The first elements; waits for one, a close or a `wake`. Empty and `isClosed`: nothing will come any
    /// more.
    public func take(upTo count: Int = .max, waiting patience: Duration) -> [Element] {
        let first = take(upTo: count)
        guard first.isEmpty, !isClosed else { return first }
        wait(patience)
        return take(upTo: count)
    }

    /// Sleeps until there is an element, a `close` or a `wake` since the last look, or the time is over.
    public func wait(_ patience: Duration) {
        let deadline = Monotonic.after(patience)
        var descriptor = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        // A signal interrupts poll: look at the clock again.
        while true {
            let now = Monotonic.now()
            let woken = poll(&descriptor, 1, Monotonic.milliseconds(until: deadline, now: now))
            if woken > 0 || now >= deadline { break }
        }
        state.withLock { clear(&$0) }
    }

    /// Takes nothing in from now on, and wakes the thread. What is inside can still be taken.
    public func close() {
        state.withLock { state in
            state.closed = true
            signal(&state)
        }
    }

    /// Takes elements in again.
    public func reopen() {
        state.withLock { $0.closed = false }
    }

    /// Wakes the thread although there is nothing to take.
    public func wake() {
        state.withLock { signal(&$0) }
    }

    /// Whether it is closed.
    public var isClosed: Bool { state.withLock { $0.closed } }

    /// The number of elements inside.
    public var count: Int { state.withLock { $0.elements.count } }

    // Both are called under the lock: otherwise a clear could swallow the signal of an element put after it.

    private func signal(_ state: inout State) {
        guard !state.signalled else { return }
        state.signalled = true
        eventfd_write(fileDescriptor, 1)
    }

    private func clear(_ state: inout State) {
        guard state.signalled, state.elements.isEmpty else { return }
        state.signalled = false
        var value: eventfd_t = 0
        eventfd_read(fileDescriptor, &value)
    }
}
