import AMQPClient
import Logging
import PostgresClient
import Synchronization
import WeirCore
import WeirLive
import WeirTopology

/// The thread that reads rows for the ``SoldOutGate``, with a session of its own: a slow look-up of somebody else must
/// not make the gate forget, and the gate must not delay anybody's look-up.
final class GateReader: Sendable {
    /// How often rows are read before their lease ends.
    private static let round = Duration.milliseconds(300)
    /// How often everything is read although nothing says that it must be.
    private static let loadInterval = Duration.seconds(60)
    /// How many SKUs are looked through at a time; some milliseconds' work for the database.
    private static let page: Int64 = 5_000
    private static let closed = Statement(Queries.lookClosedSkus)

    private let gate: SoldOutGate
    private let settings: SessionSettings
    private let bell: Mailbox<Never>
    private let logger: Logger
    private let stopping = Atomic(false)
    private let thread = Mutex<DedicatedThread?>(nil)

    /// - Parameter bell: what the gate wakes it by.
    init(_ gate: SoldOutGate, _ settings: IngressSettings, bell: Mailbox<Never>, logger: Logger) {
        self.gate = gate
        self.bell = bell
        self.logger = logger
        var session = SessionSettings(
            url: settings.databaseURL, applicationName: "weir ingress \(settings.instance) gate")
        session.connectTimeoutSeconds = settings.lookUpTimeoutSeconds
        session.statementTimeoutSeconds = settings.lookUpTimeoutSeconds
        session.answerTimeoutSeconds = settings.lookUpTimeoutSeconds
        self.settings = session
    }

    func start() {
        thread.withLock { $0 = DedicatedThread(name: "weir-gate-rows") { self.run() } }
    }

    /// Ends the thread and waits for it: at most as long as one query or one login takes.
    func stop() {
        stopping.store(true, ordering: .releasing)
        bell.close()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        var pause = Pause()
        while !stopping.load(ordering: .acquiring) {
            do throws(PostgresError) {
                let session = try Session(settings)
                defer { session.close() }
                try session.execute(script: Queries.lookSessionSettings.text)
                pause.reset()
                try serve(session)
            } catch {
                guard !stopping.load(ordering: .acquiring) else { break }
                logger.warning("the sold-out gate cannot read", metadata: ["reason": "\(error)"])
                bell.wait(pause.next())
            }
        }
    }

    /// A walk through all SKUs, a page at a time.
    private struct Load {
        let begunAt = monotonicNanoseconds()
        var last = ""
    }

    private func serve(_ session: Session) throws(PostgresError) {
        // Whatever was under way when the session before it ended begins again.
        var nextRound = ContinuousClock.now
        var nextLoad = nextRound
        var load: Load?
        while !stopping.load(ordering: .acquiring) {
            let now = ContinuousClock.now
            if load == nil, gate.takeMustLoad(orIf: now >= nextLoad) {
                load = Load()
                nextLoad = now + Self.loadInterval
            }
            // Between two pages there is time for what is urgent.
            if let page = load { load = try read(page, session) }
            let isRound = now >= nextRound
            if isRound { nextRound = now + Self.round }
            let due = gate.takeDue(round: isRound)
            if !due.isEmpty {
                let readAt = gate.beginReading()
                let rows = try session.run(Query(LookUpQueries.skus, [.texts(due.map(\.text))]))
                gate.take(LookUpQueries.stocks(rows), asked: due, readAt: readAt)
            }
            if load == nil { bell.wait(max(.zero, nextRound - .now)) }
        }
    }

    /// Reads one page; returns what is left to read.
    private func read(_ load: Load, _ session: Session) throws(PostgresError) -> Load? {
        let readAt = gate.beginReading()
        let rows = try session.run(Query(Self.closed, [.text(load.last), .int8(Self.page)]))
        let stocks = LookUpQueries.stocks(rows)
        gate.take(stocks, readAt: readAt)
        guard let end = stocks.last, !gate.isFull else {
            gate.endLoad(begunAt: load.begunAt)
            logger.debug("the sold-out gate was loaded", metadata: ["closed": "\(gate.counts.closed)"])
            return nil
        }
        var rest = load
        rest.last = end.sku.text
        return rest
    }
}
