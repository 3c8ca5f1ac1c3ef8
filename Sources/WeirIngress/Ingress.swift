import AMQPClient
import CoreMetrics
import Glibc
import HTTPTypes
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization
import WeirCore
import WeirMetrics
import WeirProducer
import WeirWire

/// The HTTP side of Weir: takes intents and commands in, publishes them, and answers with their outcomes.
///
/// Requests are async; what talks to the servers are threads: the publisher, the outcome queue, the look-ups, the
/// readiness probe. Nothing that it needs must be there when it starts: `/readyz` says what is missing.
public final class Ingress: Service {
    private let settings: IngressSettings
    private let tls: TLSConfiguration?
    let handler: RequestHandler
    /// What keeps the sold-out gate; nil when there is none.
    let gateKeeper: GateKeeper?
    private let register = ConnectionRegister()
    private let loop = EventLoopExecutor()
    private let logger: Logger
    private let port = Awaited<Int>()

    /// Makes an ingress; ``run()`` starts it.
    ///
    /// - Parameter partitioning: must be the one that the database was installed with.
    /// - Throws: ``IngressError`` when the settings cannot work.
    /// - Parameter metrics: where it records what it does and what `/metrics` shows; nil: swift-metrics' backend, and
    ///   `/metrics` shows nothing.
    public init(
        settings: IngressSettings, partitioning: Partitioning, logger: Logger,
        metrics: PrometheusMetrics? = nil
    ) throws {
        try settings.check()
        tls = try settings.tls?.serverConfiguration()
        self.settings = settings
        self.logger = logger
        let lookUps = LookUps(settings, logger: logger)
        let memory = QueuedMemory(limit: settings.queuedMemory)
        let orderMemory = WishMemory<OrderSubmit>(limit: settings.queuedMemory / 10)
        gateKeeper = settings.soldOutGate ? GateKeeper(settings, logger: logger) : nil
        let factory: any MetricsFactory = if let metrics { metrics } else { MetricsSystem.factory }
        let recorded = IngressMetrics(factory, partitions: partitioning.count)
        let producer = ProducerCore(
            settings.producer, partitioning: partitioning,
            neighbour: .ingress(
                settings, lookUps: lookUps, memory: memory, orderMemory: orderMemory, gate: gateKeeper?.gate,
                metrics: recorded),
            logger: logger
        ) { [loop] pause, then in
            _ = loop.group.next().scheduleTask(in: .nanoseconds(Int64(pause)), then)
        }
        var text: (@Sendable () -> String)?
        if let metrics { text = { metrics.text } }
        handler = RequestHandler(
            settings: settings, lookUps: lookUps, producer: producer, memory: memory,
            orderMemory: orderMemory,
            probe: QueueProbe(settings, partitions: partitioning.count),
            tail: LogTail(settings, partitioning: partitioning, logger: logger), gate: gateKeeper?.gate,
            credentials: Credentials(settings, logger: logger),
            metrics: recorded, metricsText: text, logger: logger)
    }

    /// Carries over what its parts have counted, for whoever reads the metrics now.
    public func sampleMetrics() { handler.metrics.sample(handler) }

    /// The port it listens at, once it does; 0 when it never will.
    public func started() async -> Int { await port.value }

    /// Runs until a graceful shutdown: then nothing new is taken in, requests under way are answered, the threads
    /// are ended. Throws when the port cannot be had.
    public func run() async throws {
        handler.credentials.start()
        handler.lookUps.start()
        handler.producer.start()
        handler.probe.start()
        handler.tail.start()
        handler.shedding.watch(loop)
        gateKeeper?.start()
        let failure: (any Error)?
        do {
            try await serve()
            failure = nil
        } catch {
            failure = (error as? IOError).map(listening) ?? error
        }
        port.finish(0)
        handler.desk.release()
        await stopThreads()
        try? await loop.group.shutdownGracefully()
        if let failure { throw failure }
    }

    /// The port cannot be had: names the address, which the system's error does not.
    private func listening(_ error: IOError) -> any Error {
        IngressError(
            description: "cannot listen at \(settings.host):\(settings.port): "
                + String(cString: strerror(error.errnoCode)) + "; choose another address or port")
    }

    private func serve() async throws {
        try await handler.credentials.readIssuer()
        let server = try makeServer()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                // Requests run where their connections live: no hop to another thread and back.
                try await withTaskExecutorPreference(self.loop) { try await server.run() }
                return true
            }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: OutcomeDesk.sweepInterval)
                    self.handler.desk.sweep()
                }
                // Nobody sweeps from here on, so nobody may wait any more.
                self.handler.desk.release()
                return false
            }
            group.addTask {
                await self.handler.credentials.watchIssuer()
                return false
            }
            group.addTask {
                try? await gracefulShutdown()
                if !Task.isCancelled { await self.drain() }
                return false
            }
            while let isServer = try await group.next(), !isServer {}
            group.cancelAll()
        }
    }

    /// Gives the requests under way half of the grace to get their outcomes, the other half to be answered without.
    private func drain() async {
        handler.isDraining.store(true, ordering: .relaxed)
        // A stream would never end by itself; its client goes on elsewhere from where it was.
        handler.tail.close()
        logger.info("ingress drains", metadata: ["connections": "\(register.count)"])
        let half = Duration.seconds(settings.shutdownGraceSeconds) / 2
        try? await Task.sleep(for: half)
        handler.desk.release()
        // Two seconds are kept for the publisher's last confirms.
        try? await Task.sleep(for: half - .seconds(2))
        // A cancelled drain means that the server has ended before.
        if !Task.isCancelled { register.cutAll() }
    }

    private func stopThreads() async {
        await withCheckedContinuation { continuation in
            _ = DedicatedThread(name: "weir-stop") {
                self.handler.dead.stop()
                self.handler.producer.stop(drain: .seconds(1))
                self.handler.probe.stop()
                self.handler.tail.stop()
                self.handler.lookUps.stop()
                self.gateKeeper?.stop()
                self.handler.credentials.stop()
                continuation.resume()
            }
        }
        logger.info("ingress stopped")
    }

    /// Between the codec and Hummingbird, a new pair for each connection.
    private static func handlers(
        _ limits: ConnectionGuard.Limits, _ register: ConnectionRegister, _ handler: RequestHandler,
        _ loop: EventLoopExecutor
    ) -> [any RemovableChannelHandler] {
        let connection = ConnectionGuard(limits, register: register)
        return [connection, QuickIntents(handler, on: loop, connection: connection)]
    }

    private func makeServer() throws -> any Service {
        let (handler, register, port, loop) = (handler, register, port, loop)
        let limits = settings.connectionLimits
        if limits.connections < settings.connectionLimit {
            logger.warning(
                "fewer connections than the limit are served: the process may not open as many files",
                metadata: ["limit": "\(settings.connectionLimit)", "served": "\(limits.connections)"])
        }
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: Self.handlers(limits, register, handler, loop),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: settings.largestHead, maxHeaderListSize: settings.largestHead,
                maxHeaderFieldCount: settings.headerFieldLimit))
        let builder = HTTPServerBuilder { [tls] responder in
            let plain = KeptChannel(
                http: HTTP1Channel(responder: responder, configuration: channel), door: handler.door)
            guard let tls else { return plain }
            return HTTPSChannel(secured: try TLSChannel(plain, tlsConfiguration: tls))
        }
        // Without Hummingbird's Application: it makes a logger, a context and an id for every request.
        return try builder.buildServer(
            configuration: ServerConfiguration(
                address: .hostname(settings.host, port: settings.port), backlog: 1024,
                availableConnectionsDelegate: .maximum(
                    limits.connections + IngressSettings.connectionsToTell(beside: limits.connections),
                    logger: logger)),
            eventLoopGroup: loop.group, logger: logger
        ) { request, writer, _ in
            if request.headers.contains(.expect) { try await handler.invite(request, writer) }
            let answer = await handler.answer(request)
            try await answer.write(to: writer, withoutBody: request.method == .head)
        } onServerRunning: { channel in
            port.finish(channel.localAddress?.port ?? 0)
        }
    }
}

extension RequestHandler {
    /// A client that asks first (`Expect: 100-continue`) is told to send its body, unless it is too large.
    func invite(_ request: Request, _ writer: borrowing ResponseWriter) async throws {
        guard request.headers[.expect]?.lowercased() == "100-continue" else { return }
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > settings.largestBody {
            return
        }
        try await writer.writeInformationalHead(HTTPResponse(status: .continue))
    }
}
