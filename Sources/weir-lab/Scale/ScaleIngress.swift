import Foundation
import WeirLive
import WeirSandbox

/// Two ingresses before one worker: the same clients at one of them, or half of them at each.
final class ScaleIngress {
    /// What was seen.
    struct Result {
        /// Outcomes a second.
        let rate: Double
        let p99: Double
        /// Core-microseconds an intent, by meter.
        let costs: [Double]
        /// Core-microseconds an intent of the busiest threads of the first ingress.
        let threads: [(name: String, cost: Double)]
    }

    private let ports: [Int]
    private let ingresses: [Child]
    private let worker: Child
    private let meters: [ProcessorMeter]

    /// Starts them in a room of their own, with one SKU on sale.
    static func open(in sandbox: Sandbox) async throws -> ScaleIngress {
        let room = try await sandbox.makeRoom()
        let partitions = try Migrator(databaseURL: room.databaseURL).run(partitions: nil).installation
            .partitioning.count
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitions).apply()
        let opened = try ScaleIngress(
            sandbox, ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL])
        do {
            for port in opened.ports {
                try await until("an ingress on port \(port)", within: .seconds(30)) {
                    (try? get(port, "/readyz")) == 200
                }
            }
            try await until("the hot SKU", within: .seconds(30), every: .milliseconds(200)) {
                let status = try? put(
                    opened.ports[0], "/v1/skus/hot", #"{"stocked":1000000000,"hold_seconds":0}"#)
                return status == 200 || status == 201
            }
        } catch {
            opened.stop()
            throw error
        }
        return opened
    }

    private init(_ sandbox: Sandbox, _ environment: [String: String]) throws {
        let ports = try [freePort(), freePort()]
        let common = ["--log-level", "error"]
        var started: [Child] = []
        do {
            for port in ports {
                started.append(
                    try Child(
                        "weir", ["serve", "--role", "ingress", "--port", "\(port)"] + common,
                        environment: environment))
            }
            worker = try Child("weir", ["serve", "--role", "worker"] + common, environment: environment)
        } catch {
            for child in started { child.stop() }
            throw error
        }
        (self.ports, ingresses) = (ports, started)
        meters = [
            ProcessorMeter(name: "ingresses", roots: started.map(\.pid)),
            ProcessorMeter(name: "worker", roots: [worker.pid]),
            ProcessorMeter(name: "PostgreSQL", roots: [sandbox.postgres.pid]),
            ProcessorMeter(name: "RabbitMQ", roots: [sandbox.rabbitmq.pid]),
        ]
    }

    func stop() { for child in ingresses + [worker] { child.stop() } }

    /// What the numbers of ``Result/costs`` are about.
    var parts: [String] { meters.map(\.name) }

    /// Asks so many ingresses; with a share each of them runs for that share of the time only.
    func run(
        ingresses count: Int, clients: Int, seconds: Double, share: Double?, prefix: String
    ) throws -> Result {
        let form = HotIntentForm(prefix: prefix, waitSeconds: 10)
        let throttle = share.map { Throttle(ingresses.prefix(count).map(\.pid), share: $0) }
        defer { throttle?.stop() }
        let threads = ThreadMeter(processes: [ingresses[0].pid])
        let (before, threadsBefore) = (meters.map(\.seconds), threads.seconds)
        let load = KeepAliveClients(
            ports: Array(ports.prefix(count)), count: clients, request: form.request)
        let result = try load.run(seconds: seconds)
        let outcomes = max(1, result.statuses[200] ?? 0)
        return Result(
            rate: result.rate(of: 200), p99: result.percentile(0.99),
            costs: zip(meters, before).map { ($0.seconds - $1) / Double(outcomes) * 1e6 },
            threads: threads.busiest(4, since: threadsBefore)
                .map { ($0.name, $0.seconds / Double(outcomes) * 1e6) })
    }
}
