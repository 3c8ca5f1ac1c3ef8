import AMQPClient
import Logging
import ServiceLifecycle
import Synchronization
import WeirCore

/// Submits intents to Weir over AMQP and awaits their outcomes. It needs the broker and nothing else.
///
/// From its making on it keeps two connections, and makes them again for ever when they are lost. Everything that it
/// sends may be sent again: a token that is known gets its outcome, and nothing is decided twice. Any number of tasks
/// may use one producer; what they submit at the same time travels together.
///
/// Run it as a service of a `ServiceGroup`, or call ``close(grace:)`` at the end.
public final class Producer: Service {
    private struct Traffic {
        var active = 0
        var isClosed = false
    }

    let core: ProducerCore
    let settings: ProducerSettings
    private let streams: OutcomeStreams
    private let sweeper: Task<Void, Never>
    private let traffic = Mutex(Traffic())
    /// Set when a closing producer has nothing under way.
    private let idle = Awaited<Void>()
    private let ended = Awaited<Void>()

    /// Makes a producer, which connects in the background. ``connect(_:logger:)`` does it when the broker is there, and
    /// finds the number of partitions itself.
    ///
    /// - Parameter partitions: how many the installation has, 1 to 64; with another number intents would reach the
    ///   wrong workers, who decide none of them.
    /// - Throws: `.invalid` when the settings cannot work.
    public init(
        _ settings: ProducerSettings, partitions: Int, logger: Logger = Logger(label: "weir.producer")
    ) throws(ProducerError) {
        try settings.check()
        guard let partitioning = Partitioning(count: partitions) else {
            var form = Form()
            _ = form.take(
                "partitions", Partitioning(count: partitions), "is \(partitions); it must be 1 to 64")
            throw form.error
        }
        let streams = OutcomeStreams()
        var neighbour = ProducerNeighbour()
        neighbour.afterOutcome = { happening, _ in streams.yield(try? Outcome(happening)) }
        let core = ProducerCore(
            settings.core, partitioning: partitioning, neighbour: neighbour, logger: logger
        ) { pause, then in
            Task {
                try? await Task.sleep(for: .nanoseconds(Int64(clamping: pause)))
                then()
            }
        }
        self.settings = settings
        self.streams = streams
        self.core = core
        sweeper = Task { [desk = core.desk] in
            while !Task.isCancelled {
                try? await Task.sleep(for: OutcomeDesk.sweepInterval)
                desk.sweep()
            }
        }
        core.start()
    }

    deinit {
        sweeper.cancel()
        streams.finish()
        core.requestStop()
    }

    // MARK: Its life

    /// Runs until a graceful shutdown, then closes; a cancelled task closes at once.
    public func run() async throws {
        do {
            try await gracefulShutdown()
        } catch {
            return await close(grace: .zero)
        }
        await close()
    }

    /// Takes nothing more in, waits for what is under way, and ends the connections.
    ///
    /// - Parameter grace: how long those who wait may still get their outcomes; then they throw `.undecided` or
    ///   `.unconfirmed`.
    public func close(grace: Duration = .seconds(5)) async {
        let (isFirst, isIdle) = traffic.withLock { traffic in
            defer { traffic.isClosed = true }
            return (!traffic.isClosed, traffic.active == 0)
        }
        guard isFirst else { return await ended.value }
        if isIdle { idle.finish(()) }
        let alarm = Task { [idle] in
            try? await Task.sleep(for: grace)
            idle.finish(())
        }
        await idle.value
        alarm.cancel()
        core.desk.release()
        // Two seconds for what is on its way to the broker; joining threads blocks, so not on a task's.
        await withCheckedContinuation { continuation in
            _ = DedicatedThread(name: "weir-stop") { [core] in
                core.stop(drain: .seconds(2))
                continuation.resume()
            }
        }
        sweeper.cancel()
        streams.finish()
        ended.finish(())
    }

    /// Whether it can take intents in and hear outcomes at the moment.
    public var isReady: Bool { core.publisher.state == .ready && core.listener.isConnected }

    /// Every outcome that reaches this producer from now on, in the order in which each SKU's were decided; for those
    /// who ``enqueue(_:)``. Not what happens to an intent later, and not what is decided while the connection is away:
    /// events tell all, or submit the intent again.
    ///
    /// - Parameter buffering: how many may wait for a reader that is slow; of more the oldest are dropped.
    public func outcomes(buffering: Int = 10_000) -> AsyncStream<Outcome> { streams.open(max(1, buffering)) }

    /// Counts a call that begins.
    func begin() throws(ProducerError) {
        let isClosed = traffic.withLock { traffic in
            if !traffic.isClosed { traffic.active += 1 }
            return traffic.isClosed
        }
        if isClosed { throw .closed }
    }

    /// Counts a call that has ended.
    func end() {
        let isLast = traffic.withLock { traffic in
            traffic.active -= 1
            return traffic.isClosed && traffic.active == 0
        }
        if isLast { idle.finish(()) }
    }

    /// Whether it takes nothing more in.
    var isClosed: Bool { traffic.withLock { $0.isClosed } }
}

/// Connects, lends the producer to `body`, and closes it afterwards, when what is under way has ended.
public func withProducer<Result>(
    _ settings: ProducerSettings, logger: Logger = Logger(label: "weir.producer"),
    isolation: isolated (any Actor)? = #isolation, _ body: (Producer) async throws -> Result
) async throws -> Result {
    let producer = try await Producer.connect(settings, logger: logger)
    do {
        let result = try await body(producer)
        await producer.close()
        return result
    } catch {
        await producer.close(grace: .zero)
        throw error
    }
}
