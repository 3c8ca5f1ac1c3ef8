import Foundation
import Glibc
import PostgresClient
import Synchronization
import WeirCore
import WeirLive
import WeirSandbox

/// The installation that suffers: private servers, one ingress, two workers, each a process of its own.
final class ChaosServers: Sendable {
    let sandbox: Sandbox
    let room: Room
    let port: Int
    private let ingress: ChaosProcess
    private let workers: [ChaosProcess]
    /// Which worker suffers next: they take turns.
    private let turn = Atomic(0)

    init(_ sandbox: Sandbox) async throws {
        self.sandbox = sandbox
        room = try await sandbox.makeRoom()
        port = try freePort()
        let partitions = try Migrator(databaseURL: room.databaseURL)
            .run(partitions: Partitioning(count: ChaosCommand.partitions)).installation
            .partitioning.count
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitions).apply()
        let environment = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        ingress = try ChaosProcess(
            ["serve", "--role", "ingress", "--port", "\(port)", "--log-level", "error"],
            environment: environment)
        workers = try (0..<2).map { _ in
            try ChaosProcess(["serve", "--role", "worker", "--log-level", "error"], environment: environment)
        }
    }

    /// Makes a fault happen, and heals it.
    func suffer(_ entry: ChaosSchedule.Entry) async throws {
        switch entry.fault {
        case .workerKilled: try await nextWorker.restart(SIGKILL)
        case .workerRestarted: try await nextWorker.restart(SIGTERM)
        case .workerFrozen: await nextWorker.freeze(entry.lasting)
        case .ingressKilled: try await ingress.restart(SIGKILL)
        case .ingressRestarted: try await ingress.restart(SIGTERM)
        case .ingressFrozen: await ingress.freeze(entry.lasting)
        case .postgresKilled:
            await sandbox.postgres.kill()
            try await Task.sleep(for: min(entry.lasting, .seconds(2)))
            try await sandbox.postgres.restart()
        case .postgresFrozen: try await freeze(sandbox.postgres, entry.lasting)
        case .postgresRestarted: try await sandbox.postgres.restart()
        case .postgresCut:
            let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "chaos"))
            defer { session.close() }
            _ = try session.run(Query(Statement(name: "chaos_cut", sql: LabQueries.chaosCut)))
        case .brokerKilled:
            await sandbox.rabbitmq.kill()
            try await sandbox.rabbitmq.restart()
        case .brokerFrozen: try await freeze(sandbox.rabbitmq, entry.lasting)
        case .brokerRestarted: try await sandbox.rabbitmq.restart()
        case .brokerCut: try await sandbox.runRabbitmqctl(["close_all_connections", "chaos"])
        }
    }

    private var nextWorker: ChaosProcess {
        workers[turn.wrappingAdd(1, ordering: .relaxed).newValue % workers.count]
    }

    private func freeze(_ server: SandboxServer, _ lasting: Duration) async throws {
        await server.freeze()
        try? await Task.sleep(for: lasting)
        server.thaw()
    }

    /// Starts again whoever came while a server was away, and gave up.
    func revive() throws {
        try ingress.revive()
        for worker in workers { try worker.revive() }
    }

    /// Everybody who should run runs again.
    var isWhole: Bool {
        sandbox.postgres.isRunning && sandbox.rabbitmq.isRunning && ingress.isRunning
            && workers.allSatisfy(\.isRunning) && (try? get(port, "/readyz")) == 200
    }

    /// Ends Weir's processes; the servers belong to the sandbox.
    func stop() {
        ingress.stop()
        for worker in workers { worker.stop() }
    }
}
