import ArgumentParser
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import WeirCore
import WeirWire

/// Serves `POST /v1/intents` by one strategy; the HTTP server is the same for all, and the one that Weir uses.
struct StrategyServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strategy-server", abstract: "Serves intents by one strategy.", shouldDisplay: false)

    @Option var strategy: Strategy
    @Option var port: Int
    @Option var sessions = 8

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let places = Places(
            databaseURL: environment["DATABASE_URL"] ?? "",
            otherDatabaseURL: environment["OTHER_DATABASE_URL"] ?? "",
            redisPort: Int(environment["REDIS_PORT"] ?? "") ?? 0,
            redisPassword: environment["REDIS_PASSWORD"] ?? "")
        guard let shop = strategy.makeShop(places), let keyHeader = HTTPField.Name("Idempotency-Key") else {
            throw LabError("Weir has a server of its own: weir serve")
        }
        try shop.recover()
        let deciders = DeciderThreads(shop, count: sessions)
        let router = Router()
        router.get("/readyz") { _, _ in "ready" }
        router.post("/v1/intents") { request, _ -> Response in
            guard let key = request.headers[keyHeader], let token = Token(key) else {
                return Response(status: .badRequest)
            }
            let body = try await request.body.collect(upTo: 65_536)
            let submit: Submit
            do throws(WireRefusal) {
                var fields = try JSONFields(body.readableBytesView)
                submit = try Submit(token: token, from: &fields)
            } catch {
                return Response(status: .badRequest)
            }
            guard let verdict = await deciders.decide(submit) else {
                return Response(status: .serviceUnavailable)
            }
            let bytes = JSONWriter.object {
                $0.member("token", token.text)
                $0.member("status", verdict.rawValue)
            }
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        }
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: Logger(label: "lab") { _ in SwiftLogNoOpLogHandler() })
        try await app.runService()
        deciders.stop()
        shop.stop()
    }
}
