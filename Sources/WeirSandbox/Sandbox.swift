import Logging
import Synchronization

/// A private PostgreSQL and RabbitMQ (and a Redis, for comparison) on loopback, child processes of this one, for the
/// demo, the tests and the measurements.
///
/// Nothing stays behind: neither processes nor ports nor files, after `stop()` as little as after a crash.
/// A sandbox that nobody refers to any more stops too.
public final class Sandbox: Sendable {
    /// When Redis brings its log of commands to the disk (`appendfsync`).
    public enum RedisDurability: String, Sendable {
        /// Every second: a lost machine loses that second.
        case everysec
        /// Before each answer.
        case always
    }

    /// What to start, and how.
    public struct Options: Sendable {
        /// Whether to start PostgreSQL.
        public var postgres: Bool
        /// Whether to start RabbitMQ.
        public var rabbitmq: Bool
        /// How many RabbitMQ nodes to start, 1 to 3; more than one are a cluster.
        public var brokers = 1
        /// Variables for the servers' processes, beside the sandbox's own.
        public var environment: [String: String] = [:]
        /// Whether to start a Redis, and how often it brings its log to the disk; nil starts none.
        public var redis: RedisDurability?
        /// Settings for postgresql.conf, which win over the sandbox's own.
        public var postgresSettings: [String: String]
        /// Lines for rabbitmq.conf, which win over the sandbox's own.
        public var rabbitmqConfiguration: String
        /// Whether the servers speak TLS too: PostgreSQL on its port, RabbitMQ on one of its own.
        public var tls: Bool
        /// Where the sandbox says what it does.
        public var logger: Logger

        /// Both servers, as a production machine would have them, and no talk.
        public init(
            postgres: Bool = true, rabbitmq: Bool = true, redis: RedisDurability? = nil,
            postgresSettings: [String: String] = [:], rabbitmqConfiguration: String = "", tls: Bool = false,
            logger: Logger = Logger(label: "weir.sandbox", factory: { _ in SwiftLogNoOpLogHandler() })
        ) {
            self.postgres = postgres
            self.rabbitmq = rabbitmq
            self.redis = redis
            self.postgresSettings = postgresSettings
            self.rabbitmqConfiguration = rabbitmqConfiguration
            self.tls = tls
            self.logger = logger
        }
    }

    /// The PostgreSQL.
    public let postgres: SandboxServer
    /// The RabbitMQ, or the first node of its cluster.
    public let rabbitmq: SandboxServer
    /// All nodes of the cluster, the first one included.
    public let brokers: [SandboxServer]
    /// The Redis, if one was asked for.
    public let redis: SandboxServer?
    /// The certificates, if the servers speak TLS.
    public let tls: SandboxTLS?
    /// The folder with everything, logs included.
    public var path: String { folder.path }

    let postgresRecipe: PostgresRecipe
    let rabbitmqRecipe: RabbitmqRecipe
    let brokerRecipes: [RabbitmqRecipe]
    let redisRecipe: RedisRecipe?
    let roomNumber = Atomic<Int>(0)
    private let folder: SandboxFolder
    private let reaper: Reaper
    private let logger: Logger

    private init(_ options: Options) throws {
        logger = options.logger
        folder = try SandboxFolder.make()
        // The reaper comes before anything that it may have to end.
        reaper = try Reaper(of: folder)
        let port = try PortReservation()
        tls = options.tls ? try SandboxTLS(folder: folder.path) : nil
        postgresRecipe = try PostgresRecipe(
            folder: "\(folder.path)/postgres", port: port.port, password: Secret.random(), tls: tls,
            environment: options.environment)
        postgres = SandboxServer(postgresRecipe, reservation: port)
        let cluster = RabbitmqRecipe.Cluster(
            epmd: try Epmd(), size: options.brokers, environment: options.environment)
        var nodes: [(recipe: RabbitmqRecipe, server: SandboxServer)] = []
        for (number, name) in zip(1...options.brokers, StopScript.brokers) {
            let port = try PortReservation()
            let recipe = try RabbitmqRecipe(
                folder: "\(folder.path)/\(name)", port: port.port, number: number, of: cluster,
                tls: number == 1 ? tls : nil)
            nodes.append((recipe, SandboxServer(recipe, reservation: port)))
        }
        (brokerRecipes, brokers) = (nodes.map(\.recipe), nodes.map(\.server))
        (rabbitmqRecipe, rabbitmq) = nodes[0]
        if options.redis != nil {
            let port = try PortReservation()
            let recipe = try RedisRecipe(
                folder: "\(folder.path)/redis", port: port.port, password: Secret.random())
            (redisRecipe, redis) = (recipe, SandboxServer(recipe, reservation: port))
        } else {
            (redisRecipe, redis) = (nil, nil)
        }
    }

    /// Starts the servers side by side, in four to five seconds, and returns when both answer. First it ends
    /// what killed runs of this user may have left.
    public static func start(_ options: Options = .init()) async throws -> Sandbox {
        try await SandboxFolder.removeLeftovers()
        let sandbox = try Sandbox(options)
        do {
            async let postgres: Void = sandbox.startPostgres(options)
            async let rabbitmq: Void = sandbox.startRabbitmq(options)
            async let redis: Void = sandbox.startRedis(options)
            _ = try await (postgres, rabbitmq, redis)
        } catch {
            await sandbox.stop()
            throw error
        }
        return sandbox
    }

    /// The database `weir`, with the rights of a superuser.
    public var databaseURL: String { postgresRecipe.url(database: "weir") }

    /// The virtual host `/`, with the rights of an administrator.
    public var amqpURL: String { rabbitmqRecipe.url(vhost: "/") }

    /// The password of the Redis; empty if there is none.
    public var redisPassword: String { redisRecipe?.password ?? "" }

    /// Ends the servers and removes everything. Calling it again does no harm.
    public func stop() async {
        _ = await reaper.finish()
        do {
            // Finds nothing to do, unless somebody has killed the reaper or `keep()` has sent it away.
            try await folder.runStopScript()
        } catch {
            logger.error("the sandbox could not be removed", metadata: ["reason": "\(error)"])
        }
        // A process with many threads vanishes from sight before the last of them has let go of its port.
        _ = await Waiting.until(within: .seconds(10)) { !isAnythingRunning }
        logger.debug("sandbox stopped", metadata: ["folder": "\(path)"])
    }

    /// Lets the servers outlive this process, and returns the command that ends them.
    @discardableResult
    public func keep() async throws -> String {
        try folder.markKept()
        try await reaper.dismiss()
        return "sh \(path)/\(StopScript.name)"
    }

    /// Stops without `await`, for the end of the process.
    func stopBlocking() {
        reaper.finishBlocking(seconds: 20)
    }

    /// Looking also collects the children that have ended.
    private var isAnythingRunning: Bool {
        ([postgres.isRunning, rabbitmqRecipe.isEpmdRunning, redis?.isRunning ?? false]
            + brokers.map(\.isRunning)).contains(true)
    }

    private func startPostgres(_ options: Options) async throws {
        guard options.postgres else { return }
        try await postgresRecipe.create(settings: options.postgresSettings)
        try await postgres.start()
        try await postgresRecipe.run("CREATE DATABASE weir")
        logger.debug("PostgreSQL is ready", metadata: ["port": "\(postgres.port)"])
    }

    private func startRabbitmq(_ options: Options) async throws {
        guard options.rabbitmq else { return }
        for recipe in brokerRecipes { try recipe.create(configuration: options.rabbitmqConfiguration) }
        // The first one brings epmd, which the others need.
        try await rabbitmq.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for server in brokers.dropFirst() { group.addTask { try await server.start() } }
            try await group.waitForAll()
        }
        for recipe in brokerRecipes.dropFirst() { try await recipe.join(rabbitmqRecipe) }
        logger.debug("RabbitMQ is ready", metadata: ["port": "\(rabbitmq.port)"])
    }

    private func startRedis(_ options: Options) async throws {
        guard let durability = options.redis, let redis, let redisRecipe else { return }
        try redisRecipe.create(appendfsync: durability.rawValue)
        try await redis.start()
        logger.debug("Redis is ready", metadata: ["port": "\(redis.port)"])
    }
}
