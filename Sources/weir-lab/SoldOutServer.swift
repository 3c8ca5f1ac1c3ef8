import Foundation
import WeirLive
import WeirSandbox

/// A `weir serve` in a room of its own, with the SKU `gone`, of which nothing is left.
struct SoldOutServer {
    let port: Int
    let process: Child
    /// An API key for everything; nil when the server asks for no credential.
    let key: String?

    /// Starts one, and returns when its gate is closed. With an issuer it asks for credentials.
    static func start(_ sandbox: Sandbox, issuer: LabIssuer? = nil) async throws -> SoldOutServer {
        let room = try await sandbox.makeRoom()
        let partitions = try Migrator(databaseURL: room.databaseURL).run(partitions: nil).installation
            .partitioning.count
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitions).apply()
        var key: String?
        if issuer != nil {
            let shelf = try KeyShelf(databaseURL: room.databaseURL)
            key = try shelf.create(name: "lab", scopes: .all).text
            shelf.close()
        }
        let port = try freePort()
        let process = try Child(
            "weir", ["serve", "--port", "\(port)", "--log-level", "error"] + (issuer?.options ?? []),
            environment: ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL])
        let server = SoldOutServer(port: port, process: process, key: key)
        do {
            try await server.sellOut()
        } catch {
            process.stop()
            throw error
        }
        return server
    }

    private func sellOut() async throws {
        try await until("a server on port \(port)", within: .seconds(30)) {
            (try? get(port, "/readyz")) == 200
        }
        try await until("a SKU without units", within: .seconds(30), every: .milliseconds(200)) {
            let status = try? put(
                port, "/v1/skus/gone", #"{"stocked":0,"hold_seconds":0}"#, credential: key)
            return status == 200 || status == 201
        }
        try await until("the gate closes", within: .seconds(10), every: .milliseconds(100)) {
            try clients(4, "knock").run(seconds: 0.05).statuses.keys.contains(409)
        }
    }

    /// Clients who ask for what is gone, with the API key unless they have another credential.
    func clients(
        _ count: Int, _ prefix: String, credential: ((Int) -> String)? = nil
    ) -> KeepAliveClients {
        let key = key
        return KeepAliveClients(port: port, count: count) { number in
            Self.wish(prefix, number, credential?(number) ?? key)
        }
    }

    /// The request of a number for the SKU that is gone.
    static func wish(_ prefix: String, _ number: Int, _ credential: String?) -> [UInt8] {
        let body = #"{"sku":"gone","quantity":1,"buyer":"buyer-\#(number % 5_000)"}"#
        let authorization = credential.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return Array(
            """
            POST /v1/intents HTTP/1.1\r
            Host: 127.0.0.1\r
            \(authorization)Content-Type: application/json\r
            Idempotency-Key: \(prefix)-\(number)\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """.utf8)
    }
}
