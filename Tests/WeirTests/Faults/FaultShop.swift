import AsyncHTTPClient
import Foundation
import PostgresClient
import Testing
import WeirLive
import WeirSandbox
import WeirTopology

/// A database and a broker that are ready, and HTTP clients by the hundred for the processes of a test.
final class FaultShop: Sendable {
    let room: Room
    let servers: [String: String]
    let port = Int.random(in: 20_000..<26_000)
    let operations = Int.random(in: 26_000..<32_000)
    private let client: HTTPClient

    /// Runs a test in a shop.
    static func with(_ sandbox: Sandbox? = nil, _ body: (FaultShop) async throws -> Void) async throws {
        let room = if let sandbox { try await sandbox.makeRoom() } else { try await SharedSandbox.room() }
        let shop = FaultShop(room)
        do {
            #expect(try Run(["migrate", "--partitions", "2"], shop.servers).code == 0)
            #expect(try Run(["topology", "apply"], shop.servers).code == 0)
            try await body(shop)
        } catch {
            try await shop.client.shutdown()
            throw error
        }
        try await shop.client.shutdown()
    }

    private init(_ room: Room) {
        self.room = room
        servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 500
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Starts `weir serve` and waits until it is ready.
    func serve(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> Served {
        let served = try Served(arguments, servers.merging(environment) { $1 })
        return served
    }

    /// An ingress with or without workers, at ``port``.
    func serveIngress(_ role: String = "all", _ environment: [String: String] = [:]) async throws -> Served {
        let served = try await serve(["--role", role, "--port", "\(port)"], environment)
        do {
            try await eventually("the ingress is ready", within: .seconds(60)) {
                guard served.isRunning else { throw TestFailure(served.log) }
                return (try? await get("/readyz"))?.status == 200
            }
        } catch {
            served.stop()
            throw error
        }
        return served
    }

    struct Reply {
        let status: UInt
        let headers: [String: String]
        let body: String

        /// A text of the JSON object in the body.
        func text(_ name: String) -> String? {
            let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
            return object?[name] as? String
        }
    }

    func get(_ path: String) async throws -> Reply { try await send("GET", path) }

    func define(_ sku: String, _ stocked: Int, holdSeconds: Int) async throws {
        let reply = try await send(
            "PUT", "/v1/skus/\(sku)", #"{"stocked":\#(stocked),"hold_seconds":\#(holdSeconds)}"#)
        #expect((200...201).contains(reply.status), "\(reply.body)")
    }

    func submit(_ token: String, _ sku: String, wait: Int = 20) async throws -> Reply {
        try await send(
            "POST", "/v1/intents", #"{"sku":"\#(sku)","quantity":1,"buyer":"ann"}"#,
            [("idempotency-key", token), ("prefer", "wait=\(wait)")])
    }

    func send(
        _ method: String, _ path: String, _ body: String? = nil, _ headers: [(String, String)] = []
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(.init(string: body))
        }
        let response = try await client.execute(request, timeout: .seconds(60))
        let answer = String(buffer: try await response.body.collect(upTo: 1 << 20))
        let fields = response.headers.map { ($0.name.lowercased(), $0.value) }
        return Reply(
            status: response.status.code, headers: Dictionary(fields) { first, _ in first }, body: answer)
    }

    /// What became of every intent, by its token.
    func outcomes() throws -> [String: String] {
        let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "test"))
        defer { session.close() }
        let rows = try session.run(
            Query(Statement(name: "outcomes", sql: "select token, status::text from intent")))
        return Dictionary(uniqueKeysWithValues: (0..<rows.count).map { (rows.text($0, 0), rows.text($0, 1)) })
    }

    /// How many partitions a worker owns.
    func ownedPartitions() throws -> Int {
        let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "test"))
        defer { session.close() }
        let partitions = Bind.int4(0x5745_4952)
        let owners = Statement(name: "owners", sql: Queries.ownShowLocks.text)
        return try session.run(Query(owners, [partitions, partitions])).count
    }

    func expectAudit(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let report = try LiveAudit(databaseURL: room.databaseURL).run()
        #expect(report.holds, "\(report.lines)", sourceLocation: sourceLocation)
    }
}
