import AMQPClient
import Logging
import PostgresClient
import Synchronization
import WeirLive
import WeirProducer

/// Works with dead letters for requests: that work blocks, so it has a thread and a session of its own, made when
/// somebody first asks. Each replay has a thread of its own besides.
final class DeadDesk: Sendable {
    /// How many replays one ingress runs at once.
    static let replayLimit = 4
    private static let idleLimit = Duration.seconds(30)

    private typealias Work = @Sendable (Result<DeadLetterShelf, any Error>) -> Void
    private struct Running {
        let replay: DeadLetterReplay
        let thread: DedicatedThread
        let hasEnded: Ended
    }
    private final class Ended: Sendable { let flag = Atomic(false) }

    private let databaseURL: String
    let amqpURL: String
    let logger: Logger
    private let mailbox = Mailbox<Work>(limit: 100)
    private let thread = Mutex<DedicatedThread?>(nil)
    private let replays = Mutex<[Running]>([])

    init(_ settings: IngressSettings, logger: Logger) {
        databaseURL = settings.databaseURL
        amqpURL = settings.amqpURL
        self.logger = logger
    }

    /// Does some work with the table of dead letters.
    func ask<Value: Sendable>(
        _ work: @escaping @Sendable (DeadLetterShelf) throws -> Value
    ) async throws(Problem) -> Value {
        thread.withLock { if $0 == nil { $0 = DedicatedThread(name: "weir-dead") { self.run() } } }
        let answer = Awaited<Result<Value, any Error>>()
        let receipt = mailbox.put { shelf in
            answer.finish(shelf.flatMap { shelf in Result { try work(shelf) } })
        }
        guard receipt == .accepted else {
            throw Problem(.overloaded, "too many requests wait for dead letters")
        }
        return try Self.unwrap(await answer.value)
    }

    /// Begins a replay in the background, or goes on with one; returns its number.
    func begin(_ work: DeadLetterReplay.Work) async throws(Problem) -> Int64 {
        let begun = Awaited<Result<Int64, any Error>>()
        let ended = Ended()
        let replay = DeadLetterReplay(databaseURL: databaseURL, amqpURL: amqpURL, logger: logger) {
            begun.finish(.success($0))
        }
        let isRoom = replays.withLock { replays in
            replays.removeAll { $0.hasEnded.flag.load(ordering: .acquiring) }
            guard replays.count < Self.replayLimit, !mailbox.isClosed else { return false }
            let thread = DedicatedThread(name: "weir-replay") { [logger] in
                do {
                    let view = try replay.perform(work)
                    logger.info(
                        "replay ended",
                        metadata: [
                            "replay": "\(view.id)", "state": "\(view.state)",
                            "published": "\(view.published)",
                        ])
                } catch {
                    begun.finish(.failure(error))
                    logger.warning("replay failed", metadata: ["reason": "\(error)"])
                }
                ended.flag.store(true, ordering: .releasing)
            }
            replays.append(Running(replay: replay, thread: thread, hasEnded: ended))
            return true
        }
        guard isRoom else {
            throw Problem(
                .overloaded,
                "\(Self.replayLimit) replays are running here already; come back when one has ended")
        }
        do throws(Problem) {
            return try Self.unwrap(await begun.value)
        } catch {
            throw error.kind == .unknownDeadLetter ? Problem(.unknownReplay, error.detail) : error
        }
    }

    /// Stops the replays in order, ends the threads and waits for them. A replay can be gone on with elsewhere.
    func stop() {
        mailbox.close()
        let running = replays.withLock { $0 }
        running.forEach { $0.replay.stop() }
        running.forEach { $0.thread.join() }
        thread.withLock { $0 }?.join()
    }

    private func run() {
        var shelf: DeadLetterShelf?
        var lastUse = ContinuousClock.now
        defer { shelf?.close() }
        while true {
            let works = mailbox.take(waiting: .seconds(1))
            if works.isEmpty {
                if mailbox.isClosed { return }
                if shelf != nil, .now - lastUse > Self.idleLimit {
                    shelf?.close()
                    shelf = nil
                }
                continue
            }
            for work in works {
                if shelf?.isBroken ?? true { shelf = nil }
                do {
                    let open =
                        try shelf
                        ?? DeadLetterShelf(databaseURL: databaseURL, applicationName: "weir ingress dead")
                    shelf = open
                    work(.success(open))
                } catch {
                    work(.failure(error))
                }
                lastUse = .now
            }
        }
    }

    private static func unwrap<Value>(_ result: Result<Value, any Error>) throws(Problem) -> Value {
        switch result {
        case .success(let value): return value
        case .failure(let error): throw problem(error)
        }
    }

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case let error as DeadLetterError:
            switch error.kind {
            case .missing: Problem(.unknownDeadLetter, error.description)
            case .state: Problem(.deadLetterState, error.description)
            case .invalid:
                Problem(.invalidBody, error.description, error.flaws)
            case .broker: Problem(.brokerUnavailable, error.description)
            }
        case is AMQPError: Problem(.brokerUnavailable, "the broker cannot be reached; nothing more was done")
        case let error as PostgresError where error.kind != .away:
            Problem(.internalError, "the database did not do what it was asked; the server's log says more")
        default:
            Problem(.databaseUnavailable, "the database cannot be reached at the moment; come back later")
        }
    }
}
