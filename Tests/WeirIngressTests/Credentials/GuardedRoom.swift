import Logging
import Testing
import WeirLive
import WeirSandbox

@testable import WeirIngress

extension IngressRoom {
    /// A room whose ingress asks for credentials.
    static func guarded(
        _ sandbox: Sandbox? = nil, jwt: JWTSettings? = nil, workers: Bool = true,
        logger: Logger = .quiet,
        _ change: (inout IngressSettings) -> Void = { _ in }, _ body: (IngressRoom) async throws -> Void
    ) async throws {
        try await IngressRoom.with(sandbox, workers: workers, logger: logger) {
            $0.credentials = .required(jwt)
            change(&$0)
        } _: { room in
            try await body(room)
        }
    }

    /// Makes a key and waits until the ingress knows it.
    func key(_ scopes: Scope...) async throws -> APIKey {
        let key = try newKey(ScopeSet(scopes))
        try await eventually("the key is known", within: .seconds(10)) {
            try await send("GET", "/v1/skus/unknown", headers: [bearer(key.text)]).status != 401
        }
        return key
    }

    /// A session belongs to its thread, so nothing is awaited in here.
    func newKey(_ scopes: ScopeSet) throws -> APIKey {
        let shelf = try KeyShelf(databaseURL: room.databaseURL)
        defer { shelf.close() }
        return try shelf.create(name: "test", scopes: scopes)
    }

    func revoke(_ key: APIKey) throws {
        let shelf = try KeyShelf(databaseURL: room.databaseURL)
        defer { shelf.close() }
        _ = try shelf.revoke(key.id)
    }

    /// Submits for a buyer under a credential.
    func submit(
        _ token: String, _ sku: String, buyer: String, as credential: String, wait: Int? = nil
    ) async throws -> Reply {
        try await send(
            "POST", "/v1/intents",
            headers: [bearer(credential), ("Idempotency-Key", token), ("Content-Type", "application/json")]
                + (wait.map { [("Prefer", "wait=\($0)")] } ?? []),
            body: #"{"sku":"\#(sku)","quantity":1,"buyer":"\#(buyer)"}"#)
    }

    func define(_ sku: String, _ stocked: Int, as credential: String) async throws -> Reply {
        try await send(
            "PUT", "/v1/skus/\(sku)", headers: [bearer(credential), ("Content-Type", "application/json")],
            body: #"{"stocked":\#(stocked)}"#)
    }
}
