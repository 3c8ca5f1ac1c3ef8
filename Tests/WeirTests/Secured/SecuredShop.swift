import Foundation
import Testing
import WeirSandbox

/// A whole Weir as it should stand in the world: every connection encrypted and verified, a broker user for each role
/// out of the exported definitions, and an API key.
struct SecuredShop {
    let sandbox: Sandbox
    let tls: SandboxTLS
    let folder: String
    let secured: Room.Secured
    let port: Int
    let ingress: Served
    let worker: Served
    let key: String

    static let passwords = ["weir-admin": "admin's", "weir-ingress": "ingress's", "weir-worker": "worker's"]

    /// Runs a test in a shop, on servers of its own.
    static func with(_ body: (SecuredShop) async throws -> Void) async throws {
        let sandbox = try await Sandbox.start(.init(tls: true))
        do {
            let shop = try await SecuredShop(sandbox)
            do {
                try await body(shop)
            } catch {
                shop.stop()
                throw error
            }
            shop.stop()
        } catch {
            await sandbox.stop()
            throw error
        }
        await sandbox.stop()
    }

    private init(_ sandbox: Sandbox) async throws {
        self.sandbox = sandbox
        tls = try #require(sandbox.tls)
        secured = try #require(sandbox.secured)
        folder = NSTemporaryDirectory() + "weir-shop-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let identity = try tls.authority.issue()
        try identity.certificate.write(toFile: "\(folder)/cert.pem", atomically: true, encoding: .utf8)
        try identity.key.write(toFile: "\(folder)/key.pem", atomically: true, encoding: .utf8)

        try await Self.makeUsers(sandbox, folder)
        let admin = Self.environment(secured, "weir-admin")
        #expect(try Run(["migrate", "--partitions", "2"], admin).code == 0)
        let applied = try Run(["topology", "apply"], admin)
        #expect(applied.code == 0, "\(applied.errors)")
        let made = try Run(
            ["keys", "create", "--name", "test"]
                + ["intents:write", "intents:read", "stock:read", "stock:write"].flatMap { ["--scope", $0] },
            admin)
        key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)

        port = Int.random(in: 20_000..<32_000)
        worker = try Served(["--role", "worker"], Self.environment(secured, "weir-worker"))
        // Not at loopback: it has a credential.
        ingress = try Served(
            ["--role", "ingress", "--host", "0.0.0.0", "--port", "\(port)"],
            Self.environment(secured, "weir-ingress").merging([
                "WEIR_TLS_CERT": "\(folder)/cert.pem", "WEIR_TLS_KEY": "\(folder)/key.pem",
            ]) { $1 })
        try await eventually("the server answers") {
            guard ingress.isRunning, worker.isRunning else { throw TestFailure(ingress.log + worker.log) }
            return try run(["sku", "list"]).code == 0
        }
    }

    /// Imports what `weir topology export` prints for the users, and nothing of the queues: `apply` makes these.
    private static func makeUsers(_ sandbox: Sandbox, _ folder: String) async throws {
        let words = passwords.map { ("WEIR_\($0.key.dropFirst(5).uppercased())_PASSWORD", $0.value) }
        let export = try Run(
            ["topology", "export", "--partitions", "2", "--passwords"],
            Dictionary(uniqueKeysWithValues: words))
        #expect(export.code == 0, "\(export.errors)")
        var definitions = try #require(
            try JSONSerialization.jsonObject(with: Data(export.output.utf8)) as? [String: Any])
        for name in ["exchanges", "queues", "bindings"] { definitions[name] = [Any]() }
        let path = "\(folder)/definitions.json"
        try JSONSerialization.data(withJSONObject: definitions).write(to: URL(filePath: path))
        for place in [folder, path] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place)
        }
        try await sandbox.runRabbitmqctl(["import_definitions", path])
    }

    /// A broker URL as one of the users, encrypted.
    func amqpURL(_ user: String) -> String { Self.environment(secured, user)["AMQP_URL"] ?? "" }

    static func environment(_ secured: Room.Secured, _ user: String) -> [String: String] {
        let behind = secured.amqpURL.drop { $0 != "@" }
        let password = (passwords[user] ?? "").replacing("'", with: "%27")
        return ["DATABASE_URL": secured.databaseURL, "AMQP_URL": "amqps://\(user):\(password)\(behind)"]
    }

    /// Runs a command that speaks HTTP, as a person who has been told everything; an empty text takes a setting out.
    func run(_ arguments: [String], _ changes: [String: String] = [:]) throws -> Run {
        let all = [
            "WEIR_URL": "https://localhost:\(port)", "WEIR_CA_FILE": tls.authoritiesFile, "WEIR_API_KEY": key,
        ].merging(changes) { $1 }
        return try Run(arguments, all.filter { !$0.value.isEmpty })
    }

    private func stop() {
        ingress.stop()
        worker.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
