import AMQPClient
import Logging
import PostgresClient
import Synchronization
import WeirCore
import WeirProducer

/// Reads the end of the log for all event streams, on one thread with one session; does nothing while there are none.
///
/// The log in the database and not the exchange `weir.events`: a place in the log can be found again after any
/// interruption, nothing in it is missing or twice, and an ingress without streams costs the broker nothing. Ten
/// short queries a second serve every stream; one that has fallen behind reads pages of its own.
final class LogTail: Sendable {
    /// What a stream can have at once.
    enum Next: Sendable {
        /// What follows, and how far the log was read. Empty: wait until the version is another one.
        case entries([LogEntry], end: LogPosition, version: UInt64)
        /// What follows has to be read page by page.
        case behind
        /// The server stops, or the log has lost its end: the stream must end.
        case closed
    }

    enum Question: Sendable {
        case extent(Awaited<LookedUp<LogExtent>>)
        case page(after: LogPosition, partitions: [Int], Awaited<LookedUp<[LogEntry]>>)
    }

    struct State {
        /// Nil while nobody reads.
        var window: LogWindow?
        var version: UInt64 = 0
        var lastRung: UInt64 = 0
        var waiting: [(until: UInt64, bell: Awaited<Void>)] = []
        var isClosed = false
        /// Counts how often the log has lost its end (a restored database).
        var losses = 0
    }

    /// How long an event may wait to be seen.
    static let interval = Duration.milliseconds(100)
    /// How many events are read at once, of all partitions together.
    static let pageSize = 512

    let settings: SessionSettings
    let partitioning: Partitioning
    let logger: Logger
    let mailbox = Mailbox<Question>(limit: 10_000)
    let state = Mutex(State())
    let thread = Mutex<DedicatedThread?>(nil)
    /// How many streams there are.
    let streams = SharedCount()

    init(_ settings: IngressSettings, partitioning: Partitioning, logger: Logger) {
        var session = SessionSettings(
            url: settings.databaseURL, applicationName: "weir ingress \(settings.instance) events")
        session.connectTimeoutSeconds = settings.lookUpTimeoutSeconds
        session.statementTimeoutSeconds = settings.lookUpTimeoutSeconds
        session.answerTimeoutSeconds = settings.lookUpTimeoutSeconds
        self.settings = session
        self.partitioning = partitioning
        self.logger = logger
    }

    func start() {
        thread.withLock { $0 = DedicatedThread(name: "weir-log-tail") { self.run() } }
    }

    /// Ends every stream; those that still begin end at once.
    func close() {
        let bells = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting.map(\.bell)
        }
        for bell in bells { bell.finish(()) }
        mailbox.close()
    }

    /// Ends the thread and waits for it: at most as long as one query or one login takes.
    func stop() {
        close()
        thread.withLock { $0 }?.join()
    }

    // MARK: For streams

    /// How often the log has lost its end so far.
    var losses: Int { state.withLock { $0.losses } }

    /// From where to where the log reaches.
    func extent() async -> LookedUp<LogExtent> {
        let answer = Awaited<LookedUp<LogExtent>>()
        guard mailbox.put(.extent(answer)) == .accepted else { return .away }
        return await answer.value
    }

    /// What follows a place in these partitions, as far as it is in memory.
    ///
    /// `losses` is what ``losses`` was when the stream began.
    func next(after place: LogPosition, in partitions: [Int], losses: Int) -> Next {
        state.withLock { state in
            guard !state.isClosed, state.losses == losses else { return .closed }
            guard let window = state.window,
                let entries = window.entries(after: place, in: partitions, limit: Self.pageSize)
            else { return .behind }
            return .entries(entries, end: window.end, version: state.version)
        }
    }

    /// What follows a place in these partitions, from the database.
    func page(after place: LogPosition, in partitions: [Int]) async -> LookedUp<[LogEntry]> {
        let answer = Awaited<LookedUp<[LogEntry]>>()
        guard mailbox.put(.page(after: place, partitions: partitions, answer)) == .accepted else {
            return .away
        }
        return await answer.value
    }

    /// Returns when there is something new since a version, or when the time has come.
    func news(since version: UInt64?, until deadline: UInt64) async {
        let bell = Awaited<Void>()
        state.withLock { state in
            if state.isClosed || (version.map { $0 != state.version } ?? false) { return bell.finish(()) }
            state.waiting.append((deadline, bell))
        }
        await bell.value
    }
}
