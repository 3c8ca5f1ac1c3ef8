import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle
import WeirLive
import WeirMetrics
import WeirWire

/// A small HTTP port beside the API, for whoever watches this process: `/livez`, `/readyz`, `/metrics`.
///
/// It asks for no credential, so it listens at loopback unless told otherwise.
struct OperationsServer: Service {
    let host: String
    let port: Int
    /// What keeps this process from its work.
    let faults: @Sendable () -> [WorkerFault]
    /// Everything that was recorded, in Prometheus's text format.
    let metrics: @Sendable () -> String
    let logger: Logger

    func run() async throws {
        let router = Router()
        router.get("/livez") { _, _ in
            Self.answer(.ok, JSONWriter.object { $0.member("status", "alive") }, "application/json")
        }
        router.get("/readyz") { [faults] _, _ in
            let faults = faults()
            let body = JSONWriter.object { json in
                json.member("status", faults.isEmpty ? "ready" : "not_ready")
                json.member("checks", array: faults) { json, fault in
                    json.member("name", fault.name)
                    json.member("ok", false)
                    json.member("detail", fault.detail)
                }
            }
            return Self.answer(faults.isEmpty ? .ok : .serviceUnavailable, body, "application/json")
        }
        router.get("/metrics") { [metrics] _, _ in
            Self.answer(.ok, Array(metrics().utf8), PrometheusMetrics.mediaType)
        }
        var quiet = logger
        quiet.logLevel = .warning
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(host, port: port), serverName: nil),
            onServerRunning: { [logger] channel in
                logger.info(
                    "metrics are shown",
                    metadata: ["port": "\(channel.localAddress?.port ?? 0)"])
            },
            logger: quiet)
        do {
            try await application.run()
        } catch {
            throw Failure(
                "cannot listen at \(host):\(port) for metrics: \(error); choose another --metrics-port",
                .failed)
        }
    }

    private static func answer(_ status: HTTPResponse.Status, _ body: [UInt8], _ type: String) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
