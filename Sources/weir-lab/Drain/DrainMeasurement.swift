import Foundation
import Glibc
import PostgresClient
import WeirSandbox

/// What one drain took.
struct DrainMeasurement {
    /// Decided and committed a second, behind the first commit that was seen.
    let decided: Double
    /// The same until the cursor of the published events was at the end, which an idle worker writes up to a second late.
    let published: Double
    /// Processor time an intent in microseconds, of the worker, RabbitMQ and PostgreSQL.
    let costs: [Double]
    /// The most memory that the worker ever held, in megabytes.
    let megabytes: Double

    /// Whose ``costs`` they are.
    static let parts = ["worker", "RabbitMQ", "PostgreSQL"]

    /// Lets a worker process decide a backlog that waits.
    static func worker(_ backlog: Backlog, in shop: DrainShop, _ sandbox: Sandbox) throws -> DrainMeasurement
    {
        let before = try shop.position()
        let worker = try Child(
            "weir", ["serve", "--role", "worker", "--log-level", "error"],
            environment: ["DATABASE_URL": shop.room.databaseURL, "AMQP_URL": shop.room.amqpURL])
        defer { worker.stop() }
        let meters = zip(parts, [worker.pid, sandbox.rabbitmq.pid, sandbox.postgres.pid]).map {
            ProcessorMeter(name: $0, roots: [$1])
        }
        let used = meters.map(\.seconds)
        let times = try watch(worker, shop, from: before.head, to: before.head + backlog.intents)
        let costs = zip(meters, used).map { ($0.seconds - $1) / Double(backlog.intents) * 1e6 }
        let after = try shop.position()
        guard after.sold - before.sold == backlog.intents else {
            throw LabError("\(after.sold - before.sold) units were sold to \(backlog.intents) wishes")
        }
        return DrainMeasurement(
            decided: times.decided, published: times.published, costs: costs, megabytes: worker.peakMegabytes)
    }

    /// Without a wait inside: a session belongs to the thread that made it.
    private static func watch(
        _ worker: Child, _ shop: DrainShop, from first: Int, to last: Int
    ) throws -> (decided: Double, published: Double) {
        let session = try shop.open()
        defer { session.close() }
        let look = Query(LabQueries.heads)
        let start = ContinuousClock.now
        var begin: (at: ContinuousClock.Instant, head: Int)?
        var decided: Double?
        while true {
            let rows = try session.run(look)
            let (head, published, now) = (rows.int(0, 0), rows.int(0, 1), ContinuousClock.now)
            if begin == nil, head > first { begin = (now, head) }
            if let begin, head >= last {
                let speed = Double(last - begin.head) / (now - begin.at).seconds
                decided = decided ?? speed
                if let decided, published >= last { return (decided, speed) }
            }
            guard worker.isRunning else { throw LabError("the worker has ended") }
            guard now - start < .seconds(600) else {
                throw LabError("the worker did not finish within ten minutes")
            }
            usleep(10_000)
        }
    }
}
