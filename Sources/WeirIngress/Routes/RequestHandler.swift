import HTTPTypes
import HummingbirdCore
import Logging
import Synchronization
import WeirContract
import WeirCore
import WeirProducer
import WeirWire

/// Answers requests: finds the route, reads what it needs, and leaves the rest to one file per kind of route.
///
/// Everything that a request waits for ends by a deadline of its own: a look-up by the database's time-outs, a
/// publish by the publisher's, a wait by the desk's sweep.
final class RequestHandler: Sendable {
    let settings: IngressSettings
    let partitioning: Partitioning
    let lookUps: LookUps
    let producer: ProducerCore
    let desk: OutcomeDesk
    let memory: QueuedMemory
    let orderMemory: WishMemory<OrderSubmit>
    let probe: QueueProbe
    let tail: LogTail
    /// Nil when there is none.
    let gate: SoldOutGate?
    let rates: Rates
    /// Refuses when the event loop cannot keep up.
    let shedding: LoadShedding
    let metrics: IngressMetrics
    /// Writes everything that this process has recorded; nil when its backend keeps nothing to read.
    let metricsText: (@Sendable () -> String)?
    /// Where requests about dead letters are worked on.
    let dead: DeadDesk
    let credentials: Credentials
    let logger: Logger
    /// The bytes of the batches that are under way.
    let batchBytes = SharedCount()
    let isDraining = Atomic(false)

    init(
        settings: IngressSettings, lookUps: LookUps, producer: ProducerCore, memory: QueuedMemory,
        orderMemory: WishMemory<OrderSubmit>, probe: QueueProbe, tail: LogTail, gate: SoldOutGate?,
        credentials: Credentials, metrics: IngressMetrics, metricsText: (@Sendable () -> String)?,
        logger: Logger
    ) {
        self.settings = settings
        partitioning = producer.partitioning
        self.lookUps = lookUps
        self.producer = producer
        desk = producer.desk
        self.memory = memory
        self.orderMemory = orderMemory
        self.probe = probe
        self.tail = tail
        self.gate = gate
        self.metrics = metrics
        self.metricsText = metricsText
        rates = Rates(settings)
        shedding = LoadShedding(target: UInt64(settings.doorMilliseconds) * 1_000_000)
        dead = DeadDesk(settings, logger: logger)
        self.credentials = credentials
        self.logger = logger
    }

    /// Answers a request, whatever it is.
    func answer(_ request: Request) async -> Answer {
        guard logger.logLevel <= .debug else { return await routed(request) }
        let start = monotonicNanoseconds()
        let answer = await routed(request)
        note(answer, to: request.method, request.uri.path, request.headers, since: start)
        return answer
    }

    /// Leaves a line in the log for a request that came at `start`, in monotonic nanoseconds.
    func note(
        _ answer: Answer, to method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields,
        since start: UInt64
    ) {
        guard logger.logLevel <= .debug else { return }
        var metadata: Logger.Metadata = [
            "method": "\(printable(method.rawValue))", "path": "\(printable(path))",
            "status": "\(answer.status.code)",
            "milliseconds": "\((monotonicNanoseconds() - start) / 1_000_000)",
        ]
        if let trace = TraceParent(fields) { metadata["trace_id"] = "\(trace.traceID)" }
        logger.debug("request answered", metadata: metadata)
    }

    private func routed(_ request: Request) async -> Answer {
        var notes = RateNotes()
        var answer: Answer
        do throws(Problem) {
            guard let target = try Target.read(request.uri.path) else {
                throw Problem(
                    .notFound,
                    "there is nothing at '\(printable(request.uri.path))'; /openapi.yaml lists the routes")
            }
            let caller = try credentials.admit(request.headers, to: target, by: request.method)
            if target.isCounted {
                notes = try rates.admit(credential: caller.rateName)
            }
            answer = try await self.answer(request, to: target, caller)
        } catch {
            metrics.countRefused(error.kind)
            answer = Answer(error)
        }
        answer.add(notes)
        return answer
    }

    private func answer(
        _ request: Request, to target: Target, _ caller: Caller
    ) async throws(Problem) -> Answer {
        let isReading = request.method == .get || request.method == .head
        switch target {
        case .intents where request.method == .post:
            return try await submit(request, caller)
        case .batch where request.method == .post:
            return try await submitBatch(request, caller)
        case .batch where isReading:
            return try await showIntent(Token(unchecked: "batch"), request, caller)
        case .events where isReading:
            return try await streamEvents(request, caller)
        case .intent(let token) where isReading:
            return try await showIntent(token, request, caller)
        case .intentChange(let token, let verb) where request.method == .post:
            return try await change(token, verb, request, caller)
        case .orders where request.method == .post:
            return try await submitOrder(request, caller)
        case .order(let token) where isReading:
            return try await showOrder(token, request, caller)
        case .orderChange(let token, let verb) where request.method == .post:
            return try await changeOrder(token, verb, request, caller)
        case .skus where isReading:
            return try await listStock(request)
        case .sku(let sku) where isReading:
            return try await showStock(sku, request)
        case .sku(let sku) where request.method == .put:
            return try await define(sku, request)
        case .adjustments(let sku) where request.method == .post:
            return try await adjust(sku, request)
        case .dead(let target):
            return try await answerDead(target, request, caller)
        case .livez where isReading:
            return Answer(.ok, JSONWriter.object { $0.member("status", "alive") })
        case .readyz where isReading:
            return await readiness()
        case .metrics where isReading:
            return try await showMetrics()
        case .openAPI where isReading:
            return Answer(document: Contract.openAPI)
        case .asyncAPI where isReading:
            return Answer(document: Contract.asyncAPI)
        case .problems where isReading:
            return ProblemPages.list
        case .problem(let kind) where isReading:
            return ProblemPages.page(of: kind)
        default:
            var problem = Problem(
                .methodNotAllowed,
                "\(printable(request.method.rawValue)) is not possible here; allowed are \(target.methods)")
            problem.allow = target.methods
            throw problem
        }
    }

    /// What the wait for an outcome ended with; nil when the time ran out and the database does not know it either.
    ///
    /// `lookUp` is asked when the outcome may have passed by unseen: once at the end, and after the outcome queue
    /// was away.
    func outcome<Found: Sendable>(
        of id: UInt64, token: Token? = nil, _ first: OutcomeDesk.Waiter, seconds: Int,
        since start: UInt64, heard: (Happening) throws(Problem) -> Found?,
        lookUp: () async throws(Problem) -> Found?
    ) async throws(Problem) -> Found? {
        let deadline = start + UInt64(seconds) * 1_000_000_000
        var waiter = first
        while true {
            switch await waiter.value {
            case .happening(let happening):
                if let found = try heard(happening) { return found }
                return try await lookUp()
            case .timedOut, .dismissed:
                return try await lookUp()
            case .interrupted:
                let now = monotonicNanoseconds()
                let left = deadline > now ? Double(deadline - now) / 1_000_000_000 : 0
                guard left > 0, let next = desk.expect(id, token: token, forSeconds: left) else {
                    return try await lookUp()
                }
                if let found = try await lookUp() {
                    desk.dismiss(id)
                    return found
                }
                waiter = next
            }
        }
    }

    static let tooManyWait = Problem(
        .overloaded, "too many requests wait for outcomes; come back later, or do not wait")
}
