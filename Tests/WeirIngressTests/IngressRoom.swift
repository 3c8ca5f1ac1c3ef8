import AMQPClient
import Logging
import PostgresClient
import ServiceLifecycle
import Testing
import WeirCore
import WeirLive
import WeirMetrics
import WeirSandbox
import WeirTopology

@testable import WeirIngress

/// A room with its own database, broker host, workers and ingress.
final class IngressRoom: Sendable {
    let room: Room
    let ingress: Ingress
    let port: Int
    let pool: WorkerPool?
    let partitioning: Partitioning
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    private init(
        _ room: Room, _ ingress: Ingress, _ port: Int, _ pool: WorkerPool?, _ partitioning: Partitioning,
        _ group: ServiceGroup, _ running: Task<Void, any Error>
    ) {
        self.room = room
        self.ingress = ingress
        self.port = port
        self.pool = pool
        self.partitioning = partitioning
        self.group = group
        self.running = running
    }

    /// Runs a test in a room, with workers unless it wants to decide nothing, and ends everything afterwards.
    static func with(
        _ sandbox: Sandbox? = nil, partitions: Int = 2, workers: Bool = true, topology: Bool = true,
        waitUntilReady: Bool = true, logger: Logger = .quiet,
        _ change: (inout IngressSettings) -> Void = { _ in },
        _ body: (IngressRoom) async throws -> Void
    ) async throws {
        let room = if let sandbox { try await sandbox.makeRoom() } else { try await SharedSandbox.room() }
        let partitioning = try #require(Partitioning(count: partitions))
        _ = try Migrator(databaseURL: room.databaseURL).run(partitions: partitioning)
        if topology { try TopologyTool(amqpURL: room.amqpURL, partitions: partitions).apply() }
        var settings = IngressSettings(databaseURL: room.databaseURL, amqpURL: room.amqpURL)
        settings.port = 0
        settings.shutdownGraceSeconds = 6
        change(&settings)
        let ingress = try Ingress(
            settings: settings, partitioning: partitioning, logger: logger, metrics: PrometheusMetrics())
        let group = ServiceGroup(services: [ingress], logger: .quiet)
        let running = Task { try await group.run() }
        let pool =
            workers
            ? WorkerPool(
                WorkerSettings(databaseURL: room.databaseURL, amqpURL: room.amqpURL),
                partitioning: partitioning, logger: .quiet) : nil
        pool?.start()
        let port = await ingress.started()
        let own = IngressRoom(room, ingress, port, pool, partitioning, group, running)
        do {
            if waitUntilReady {
                try await own.untilReady()
            }
            try await body(own)
        } catch {
            await own.stop()
            throw error
        }
        await own.stop()
    }

    /// Lends another ingress on the same servers, without workers of its own.
    func withSecondIngress(
        _ change: (inout IngressSettings) -> Void = { _ in }, _ body: (IngressRoom) async throws -> Void
    ) async throws {
        var settings = IngressSettings(databaseURL: room.databaseURL, amqpURL: room.amqpURL)
        settings.port = 0
        settings.shutdownGraceSeconds = 6
        change(&settings)
        let ingress = try Ingress(settings: settings, partitioning: partitioning, logger: .quiet)
        let group = ServiceGroup(services: [ingress], logger: .quiet)
        let running = Task { try await group.run() }
        let other = IngressRoom(
            room, ingress, await ingress.started(), nil, partitioning, group, running)
        do {
            try await other.untilReady()
            try await body(other)
        } catch {
            await other.stop()
            throw error
        }
        await other.stop()
    }

    func untilReady() async throws {
        try await eventually("the ingress is ready") { try await get("/readyz").status == 200 }
    }

    /// Begins the graceful shutdown; returns at once.
    func shutDown() async { await group.triggerGracefulShutdown() }

    /// Waits until the ingress has ended.
    func ended() async throws { try await running.value }

    private func stop() async {
        await group.triggerGracefulShutdown()
        _ = try? await running.value
        if let pool { await offAsyncThreads { pool.stop() } }
    }

    // MARK: Talking to it

    func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> Reply {
        let reply = try await Client.send(
            method, "http://127.0.0.1:\(port)\(path)", headers: headers, body: body)
        Recorder.note(method, path, reply)
        return reply
    }

    func get(_ path: String) async throws -> Reply { try await send("GET", path) }

    func submit(
        _ token: String, _ sku: String, _ quantity: Int = 1, buyer: String = "b", wait: Int? = nil
    ) async throws -> Reply {
        try await send(
            "POST", "/v1/intents",
            headers: [("Idempotency-Key", token), ("Content-Type", "application/json")]
                + (wait.map { [("Prefer", "wait=\($0)")] } ?? []),
            body: #"{"sku":"\#(sku)","quantity":\#(quantity),"buyer":"\#(buyer)"}"#)
    }

    @discardableResult
    func define(_ sku: String, _ stocked: Int, holdSeconds: Int = 900) async throws -> Reply {
        try await send(
            "PUT", "/v1/skus/\(sku)", headers: [("Content-Type", "application/json")],
            body: #"{"stocked":\#(stocked),"hold_seconds":\#(holdSeconds)}"#)
    }

    func command(
        _ token: String, _ verb: String, query: String = "", headers: [(String, String)] = []
    ) async throws -> Reply {
        try await send("POST", "/v1/intents/\(token)/\(verb)\(query)", headers: headers)
    }

    /// Defines a SKU by the members of its JSON.
    @discardableResult
    func put(_ sku: String, _ members: String, headers: [(String, String)] = []) async throws -> Reply {
        try await send(
            "PUT", "/v1/skus/\(sku)", headers: [("Content-Type", "application/json")] + headers,
            body: "{\(members)}")
    }

    /// A POST of JSON under a key.
    func post(_ path: String, _ body: String, key: String? = nil) async throws -> Reply {
        try await send(
            "POST", path,
            headers: [("Content-Type", "application/json"), ("Prefer", "wait=10")]
                + (key.map { [("Idempotency-Key", $0)] } ?? []), body: body)
    }

    @discardableResult
    func adjust(_ sku: String, _ delta: Int, key: String) async throws -> Reply {
        try await post("/v1/skus/\(sku)/adjustments", #"{"delta":\#(delta),"reason":"r"}"#, key: key)
    }

    /// One number out of the database.
    func count(_ sql: String) throws -> Int {
        let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "test"))
        defer { session.close() }
        return try session.run(Query(Statement(name: "count", sql: sql))).int(0, 0)
    }
}

extension Logger {
    /// A logger for tests, where trouble is made on purpose.
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

struct TestFailure: Error, CustomStringConvertible {
    var description: String
    init(_ text: String) { description = text }
}

/// Waits for a condition, not for a time.
func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TestFailure("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Runs blocking code on a thread with a stack for librabbitmq.
func offAsyncThreads<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        _ = DedicatedThread(name: "test") { continuation.resume(returning: body()) }
    }
}
