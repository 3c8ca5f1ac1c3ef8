import ArgumentParser
import CoreMetrics
import Dispatch
import Logging
import ServiceLifecycle
import WeirIngress
import WeirLive
import WeirMetrics

struct ServeCommand: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the HTTP ingress, the partition workers, or both.")

    enum Role: String, ExpressibleByArgument, CaseIterable { case ingress, worker, all }

    @OptionGroup var settings: CommandSettings

    @Option(help: "What to run. [env: WEIR_ROLE, default: all]")
    var role: Role?

    @Option(help: "The address to listen on. [env: WEIR_HTTP_HOST, default: 127.0.0.1]")
    var host: String?

    @Option(
        parsing: .unconditional,
        help: "The port to listen on; 0 takes a free one. [env: WEIR_HTTP_PORT, default: 8080]")
    var port: Int?

    @OptionGroup(title: "Limits and quotas of the ingress") var limits: LimitOptions
    @OptionGroup(title: "Credentials and TLS") var security: SecurityOptions

    @Option(
        parsing: .unconditional,
        help: """
            A port for /livez, /readyz and /metrics beside the API, without credentials; 0 takes a free one. \
            [env: WEIR_METRICS_PORT, default: none]
            """)
    var metricsPort: Int?

    @Option(help: "The address of that port. [env: WEIR_METRICS_HOST, default: 127.0.0.1]")
    var metricsHost: String?

    @Option(help: "text or json. [env: WEIR_LOG_FORMAT, default: text]")
    var logFormat: LogFormat?

    @Option(
        help: "trace, debug, info, notice, warning, error or critical. [env: WEIR_LOG_LEVEL, default: info]")
    var logLevel: Logger.Level?

    func execute() async throws {
        let reader = try await settings.reader()
        let databaseURL = try settings.requireDatabaseURL(reader)
        let amqpURL = try settings.requireAMQPURL(reader)
        let role = try role ?? word(reader.string(forKey: "weir.role"), "weir.role") ?? .all
        let level = try logLevel ?? word(reader.string(forKey: "weir.log.level"), "weir.log.level") ?? .info
        let format =
            try logFormat ?? word(reader.string(forKey: "weir.log.format"), "weir.log.format") ?? .text
        LoggingSystem.bootstrap { format.handler(label: $0, level: level) }
        let logger = Logger(label: "weir")
        // Another backend of swift-metrics goes here, or beside it in a MultiplexMetricsHandler.
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)

        let installation = try Installation.read(databaseURL: databaseURL)
        let findings = try TopologyTool(amqpURL: amqpURL, partitions: installation.partitioning.count).check()
        guard findings.faults.isEmpty else { throw LiveError.topology(findings.faults) }

        // The group stops in reverse order: the ingress drains while workers still answer it.
        var services: [any Service] = []
        var pool: WorkerPool?
        if role != .ingress {
            guard installation.isAccepted else {
                throw Failure(LiveError.otherTimeline.description, .failed)
            }
            let worker = WorkerSettings(databaseURL: databaseURL, amqpURL: amqpURL)
            let made = WorkerPool(
                worker, partitioning: installation.partitioning, logger: logger, metrics: metrics)
            services.append(WorkerService(pool: made, logger: logger))
            pool = made
        }
        var server: Ingress?
        if role != .worker {
            var ingress = IngressSettings(databaseURL: databaseURL, amqpURL: amqpURL)
            ingress.host = host ?? reader.string(forKey: "weir.http.host") ?? "127.0.0.1"
            ingress.port = try await reader.number(
                port, forKey: "weir.http.port", in: 0...65_535, default: 8080)
            try await limits.apply(to: &ingress, reader)
            try security.apply(
                to: &ingress, reader, hasKeys: try KnownKeys.read(databaseURL: databaseURL).isAny)
            let made = try Ingress(
                settings: ingress, partitioning: installation.partitioning, logger: logger, metrics: metrics)
            services.append(made)
            server = made
            Self.announce(ingress, logger)
        }
        let port = try await reader.number(metricsPort, forKey: "weir.metrics.port", in: 0...65_535)
        if let port {
            services.insert(
                OperationsServer(
                    host: metricsHost ?? reader.string(forKey: "weir.metrics.host") ?? "127.0.0.1",
                    port: port,
                    faults: { [pool] in pool?.faults ?? [] },
                    metrics: { [pool, server] in
                        pool?.sampleMetrics()
                        server?.sampleMetrics()
                        return metrics.text
                    }, logger: logger), at: 0)
        }
        let group = ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    /// Says what a person should know of who can get in.
    private static func announce(_ ingress: IngressSettings, _ logger: Logger) {
        let notice: String
        if case .open = ingress.credentials {
            notice =
                "there is no credential yet: listening at \(ingress.host) only, where everybody on this machine may do"
                + " everything; `weir keys create` makes a key, and from then on one is asked for"
        } else if ingress.tls == nil, !Loopback.isLoopback(ingress.host) {
            notice =
                "credentials travel unencrypted to \(ingress.host): put a door that speaks TLS in front, or set"
                + " WEIR_TLS_CERT and WEIR_TLS_KEY"
        } else {
            return
        }
        logger.notice("\(notice)")
    }

    private func word<Word: RawRepresentable<String> & CaseIterable>(_ text: String?, _ key: String) throws
        -> Word?
    {
        guard let text else { return nil }
        guard let word = Word(rawValue: text) else {
            throw Failure(
                "the setting \(key) is '\(text)'; it must be one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))",
                .usage)
        }
        return word
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// The partition workers as a service: they run on threads of their own.
private struct WorkerService: Service {
    let pool: WorkerPool
    let logger: Logger

    func run() async throws {
        pool.start()
        logger.info("workers started")
        try? await gracefulShutdown()
        // Giving partitions back blocks, so it happens on a thread that may be blocked.
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                pool.stop()
                continuation.resume()
            }
        }
        logger.info("workers stopped")
    }
}
