import Foundation
import WeirCore
import WeirLive
import WeirSandbox

/// One strategy with fresh tables and a server of its own, which can be killed and started again.
final class Contestant {
    let strategy: Strategy
    let port: Int
    let counter: ShopCounter
    private let sandbox: Sandbox
    private let sessions: Int
    private let environment: [String: String]
    private var servers: [Child] = []

    /// Makes the tables, starts the server and puts the SKUs on sale.
    static func open(
        _ strategy: Strategy, in sandbox: Sandbox, sessions: Int, partitions: Partitioning?,
        stock: [(sku: String, units: Int)]
    ) async throws -> Contestant {
        let contestant: Contestant
        if strategy == .weir {
            let room = try await sandbox.makeRoom()
            let installation = try Migrator(databaseURL: room.databaseURL).run(partitions: partitions)
                .installation
            try TopologyTool(amqpURL: room.amqpURL, partitions: installation.partitioning.count).apply()
            contestant = Contestant(
                strategy, try freePort(), Places(databaseURL: room.databaseURL), sandbox, sessions,
                ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL])
        } else {
            let places = try await ShopOpening.places(of: strategy, in: sandbox)
            try ShopOpening.open(strategy, places, stock: stock)
            contestant = Contestant(
                strategy, try freePort(), places, sandbox, sessions,
                [
                    "DATABASE_URL": places.databaseURL, "OTHER_DATABASE_URL": places.otherDatabaseURL,
                    "REDIS_PORT": "\(places.redisPort)", "REDIS_PASSWORD": places.redisPassword,
                ])
        }
        do {
            try contestant.start()
            try await contestant.waitUntilReady()
            if strategy == .weir { try await contestant.define(stock) }
        } catch {
            contestant.stop()
            throw error
        }
        return contestant
    }

    private init(
        _ strategy: Strategy, _ port: Int, _ places: Places, _ sandbox: Sandbox, _ sessions: Int,
        _ environment: [String: String]
    ) {
        (self.strategy, self.port, self.sandbox, self.sessions) = (strategy, port, sandbox, sessions)
        self.environment = environment
        counter = ShopCounter(strategy: strategy, places: places)
    }

    /// Starts the server, or for Weir both of its roles.
    func start() throws {
        let common = ["--log-level", "error"]
        servers =
            if strategy == .weir {
                try [
                    Child(
                        "weir", ["serve", "--role", "ingress", "--port", "\(port)"] + common,
                        environment: environment),
                    Child("weir", ["serve", "--role", "worker"] + common, environment: environment),
                ]
            } else {
                try [
                    Child(
                        "weir-lab",
                        [
                            "strategy-server", "--strategy", strategy.rawValue, "--port", "\(port)",
                            "--sessions", "\(sessions)",
                        ], environment: environment)
                ]
            }
    }

    /// Ends all of its processes as a crash would.
    func kill() { for server in servers { server.kill() } }

    /// Ends all of its processes in order.
    func stop() { for server in servers { server.stop() } }

    func waitUntilReady() async throws {
        try await until("the server of \(strategy.rawValue)", within: .seconds(30)) {
            (try? get(port, "/readyz")) == 200
        }
    }

    /// Its processes and those of the servers that it uses.
    var meters: [ProcessorMeter] {
        var meters = [
            ProcessorMeter(name: "server", roots: servers.map(\.pid)),
            ProcessorMeter(name: "PostgreSQL", roots: [sandbox.postgres.pid]),
        ]
        if strategy == .weir {
            meters.append(ProcessorMeter(name: "RabbitMQ", roots: [sandbox.rabbitmq.pid]))
        }
        if strategy.usesRedis, let redis = sandbox.redis {
            meters.append(ProcessorMeter(name: "Redis", roots: [redis.pid]))
        }
        return meters
    }

    /// Waits until everything that was answered is in the database, where that comes later.
    func settle() async throws {
        guard strategy == .redisDeduction else { return }
        let redis = try RedisConnection(
            port: counter.places.redisPort, password: counter.places.redisPassword)
        try await until("the writing of Redis' tasks", within: .seconds(60)) {
            try [DeductionShop.pending, DeductionShop.working].allSatisfy {
                try redis.run("LLEN", $0) == .integer(0)
            }
        }
    }

    private func define(_ stock: [(sku: String, units: Int)]) async throws {
        for (sku, units) in stock {
            try await until("the SKU \(sku)", within: .seconds(30), every: .milliseconds(100)) {
                let status = try? put(port, "/v1/skus/\(sku)", #"{"stocked":\#(units),"hold_seconds":0}"#)
                return status == 200 || status == 201
            }
        }
    }
}
