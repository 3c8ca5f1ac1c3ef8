import AMQPClient
import Logging
import PostgresClient
import Synchronization
import WeirCore
import WeirProducer
import WeirTopology

/// Looks things up in PostgreSQL, for all requests, on one thread with one session.
///
/// Whatever waits is answered by one round trip, so that the look-up of a rush costs one query a batch and not one
/// a request. While PostgreSQL is away nobody waits: the answer is `.away` at once.
final class LookUps: Sendable {
    /// A question, and who asked it.
    enum Question: Sendable {
        case intent(Token, Awaited<LookedUp<IntentFinding>>)
        /// Answered on the look-up thread, which goes on from there.
        case flight([Token], @Sendable (LookedUp<[Token: Intent]>) -> Void)
        case order(Token, Awaited<LookedUp<OrderFinding>>)
        case command(CommandID, Awaited<LookedUp<StoredResult?>>)
        case sku(SKU, Awaited<LookedUp<Stock?>>)
        case page(after: String, limit: Int, Awaited<LookedUp<[Stock]>>)
        case ping(Awaited<LookedUp<Void>>)
    }

    /// From this long in one call on, those who can do without do not wait.
    private static let patienceNanoseconds: UInt64 = 500_000_000

    /// From this many in line on, likewise.
    private static let longestLine = 1_000

    private let settings: SessionSettings
    private let logger: Logger
    /// Open only while there is a session.
    private let mailbox = Mailbox<Question>(limit: 100_000, closed: true)
    /// Since when the thread has been in a call; 0 while it is not.
    private let busySince = Atomic<UInt64>(0)
    private let thread: ReconnectingThread

    init(_ settings: IngressSettings, logger: Logger) {
        var session = SessionSettings(
            url: settings.databaseURL, applicationName: "weir ingress \(settings.instance)")
        session.connectTimeoutSeconds = settings.lookUpTimeoutSeconds
        session.statementTimeoutSeconds = settings.lookUpTimeoutSeconds
        session.answerTimeoutSeconds = settings.lookUpTimeoutSeconds
        self.settings = session
        self.logger = logger
        thread = ReconnectingThread(
            name: "weir-look-ups", complaint: "look-ups not connected", logger: logger)
    }

    func start() {
        thread.start { [self] in try work() }
    }

    /// Ends the thread and waits for it: at most as long as one look-up or one login takes.
    func stop() {
        thread.requestStop()
        mailbox.close()
        thread.stop()
    }

    /// Whether a look-up can be expected to be answered soon.
    var isQuick: Bool {
        let since = busySince.load(ordering: .relaxed)
        return !mailbox.isClosed && mailbox.count < Self.longestLine
            && (since == 0 || monotonicNanoseconds() &- since < Self.patienceNanoseconds)
    }

    func intent(_ token: Token) async -> LookedUp<IntentFinding> { await ask { .intent(token, $0) } }

    /// Looks up which tokens are decided and calls `then` on the look-up thread; with `.away` at once when nobody can tell.
    func decided(_ tokens: [Token], then: @escaping @Sendable (LookedUp<[Token: Intent]>) -> Void) {
        guard mailbox.put(.flight(tokens, then)) == .accepted else { return then(.away) }
    }

    func order(_ token: Token) async -> LookedUp<OrderFinding> { await ask { .order(token, $0) } }

    func command(_ id: CommandID) async -> LookedUp<StoredResult?> { await ask { .command(id, $0) } }

    func sku(_ sku: SKU) async -> LookedUp<Stock?> { await ask { .sku(sku, $0) } }

    /// Stock levels in the order of their SKUs, behind one of them; `""` is before all.
    func page(after sku: String, limit: Int) async -> LookedUp<[Stock]> {
        await ask { .page(after: sku, limit: limit, $0) }
    }

    func ping() async -> LookedUp<Void> { await ask { .ping($0) } }

    private func ask<Value>(_ question: (Awaited<LookedUp<Value>>) -> Question) async -> LookedUp<Value> {
        let answer = Awaited<LookedUp<Value>>()
        guard mailbox.put(question(answer)) == .accepted else { return .away }
        return await answer.value
    }

    // MARK: The thread

    /// One session's life.
    private func work() throws(PostgresError) {
        // Closed before those who wait are told: none can slip in between.
        defer {
            mailbox.close()
            for question in mailbox.take() { question.answerAway() }
        }
        let session = try Session(settings)
        defer { session.close() }
        try session.execute(script: Queries.lookSessionSettings.text)
        logger.info("look-ups connected")
        mailbox.reopen()
        thread.noteConnected()
        try serve(session)
    }

    private func serve(_ session: Session) throws(PostgresError) {
        while !thread.isStopping {
            let questions = mailbox.take(upTo: 1000, waiting: .seconds(1))
            guard !questions.isEmpty else { continue }
            busySince.store(monotonicNanoseconds(), ordering: .relaxed)
            defer { busySince.store(0, ordering: .relaxed) }
            do throws(PostgresError) {
                try Batch(questions).answer(in: session)
            } catch {
                for question in questions { question.answerAway() }
                // Who waited behind a call that took too long would only wait for the next one.
                if error.kind == .away { for question in mailbox.take() { question.answerAway() } }
                if session.isBroken { throw error }
                logger.warning("a look-up failed", metadata: ["reason": "\(error)"])
            }
        }
    }
}

extension LookUps.Question {
    func answerAway() {
        switch self {
        case .intent(_, let answer): answer.finish(.away)
        case .flight(_, let then): then(.away)
        case .order(_, let answer): answer.finish(.away)
        case .command(_, let answer): answer.finish(.away)
        case .sku(_, let answer): answer.finish(.away)
        case .page(_, _, let answer): answer.finish(.away)
        case .ping(let answer): answer.finish(.away)
        }
    }
}
