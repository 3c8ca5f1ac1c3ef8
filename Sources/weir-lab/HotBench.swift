import ArgumentParser
import Foundation
import PostgresClient
import WeirCore
import WeirLive
import WeirSandbox

/// How fast a SKU is decided before which a crowd stands, beside one that nobody has asked for yet.
struct HotBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hot",
        abstract: "Commands per second of a SKU with a long waitlist or many open holds, beside an empty one."
    )

    @Option(help: "How many wait, or hold.")
    var crowd = 100_000

    @Option(help: "How many commands are decided: eight submits, a cancel and an adjustment in turn.")
    var commands = 100_000

    @Option(help: "How often all three are measured, in turn.")
    var runs = 3

    private enum Case: String, CaseIterable {
        case empty = "nobody there"
        case waitlist = "a long waitlist"
        case holds = "many open holds"
    }

    mutating func run() async throws { try await withSandbox(measure) }

    private func measure(_ sandbox: Sandbox) async throws {
        print("Hot: \(commands) commands for one SKU, \(crowd) before it, \(runs) runs in turn")
        var speeds: [Case: [Double]] = [:]
        for run in 1...runs {
            for shape in Case.allCases {
                let speed = Double(commands) / (try await seconds(shape, sandbox))
                speeds[shape, default: []].append(speed)
                say("  run \(run): \(shape.rawValue) \(speed.rounded)/s")
            }
        }
        let empty = speeds[.empty] ?? []
        for shape in Case.allCases {
            let measured = speeds[shape] ?? []
            let ratios = zip(measured, empty).map { $0 / $1 }
            let name = shape.rawValue.padding(toLength: 18, withPad: " ", startingAt: 0)
            print(
                "  \(name) \(median(measured).rounded)/s  ratio \(median(ratios).short)"
                    + "  (\(ratios.map(\.short).joined(separator: " ")))")
        }
    }

    private func seconds(_ shape: Case, _ sandbox: Sandbox) async throws -> Double {
        try seconds(shape, in: try await sandbox.makeRoom())
    }

    /// Without a wait inside: a session belongs to the thread that made it.
    private func seconds(_ shape: Case, in room: Room) throws -> Double {
        let partitioning = try Migrator(databaseURL: room.databaseURL).run(partitions: nil).installation
            .partitioning
        try TopologyTool(amqpURL: room.amqpURL, partitions: partitioning.count).apply()
        let sku = SKU(unchecked: "hot")
        let partition = partitioning.partition(of: sku)
        var settings = SessionSettings(url: room.databaseURL, applicationName: "lab")
        settings.statementTimeoutSeconds = 0
        settings.answerTimeoutSeconds = 600
        let session = try Session(settings)
        defer { session.close() }
        _ = try session.run(
            Query(
                LabQueries.crowd,
                [
                    .text(sku.text), .int2(Int16(partition)), .int4(Int32(shape == .empty ? 0 : crowd)),
                    .text(shape == .waitlist ? "waitlisted" : "reserved"),
                    .int8(shape == .waitlist ? 0 : 1_000_000),
                ]))
        // Apart: several statements at once are a transaction, in which nothing is vacuumed.
        try session.execute(script: "vacuum analyze intent")
        try session.execute(script: "checkpoint")
        try publish(to: room.amqpURL, sku, partition)
        let worker = try Child(
            "weir", ["serve", "--role", "worker"],
            environment: ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL])
        defer { worker.stop() }
        return try watch(session, partition)
    }

    private func publish(to url: String, _ sku: SKU, _ partition: Int) throws {
        try CommandFlood.run(to: url, count: commands) { flood in
            flood.send(commands) { (command($0, sku), partition) }
        }
    }

    /// Every tenth command brings a unit, and the one before gives one up: something comes free in every batch.
    private func command(_ number: Int, _ sku: SKU) -> Command {
        let id = CommandID(unchecked: "command-\(number)")
        func token(_ number: Int) -> Token { Token(unchecked: "lab-\(number)-0123456789") }
        if number == commands - 1 || number % 10 == 9 {
            return .adjust(Adjustment(id: id, sku: sku, delta: 1, reason: "delivery"))
        }
        if number % 10 == 8 {
            return .cancel(IntentChange(id: id, token: token(number - 4), sku: sku))
        }
        return .submit(
            Submit(
                token: token(number), sku: sku, quantity: Quantity(unchecked: 1),
                buyer: Buyer(unchecked: "buyer-\(number % 5_000)")))
    }

    /// Seconds from the first commit that is seen to the last.
    private func watch(_ session: Session, _ partition: Int) throws -> Double {
        let head = Query(Statement(name: "lab_head", sql: LabQueries.head), [.int2(Int16(partition))])
        let last = Query(
            LabQueries.last, [.text("command-\(commands - 1)")])
        var begin: ContinuousClock.Instant?
        while true {
            if let begin {
                let seconds = (ContinuousClock.now - begin).seconds
                if try session.run(last).int(0, 0) == 1 { return seconds }
                if seconds > 300 { throw LabError("the worker did not finish within five minutes") }
            } else if try session.run(head).int(0, 0) > 0 {
                begin = .now
            }
            usleep(10_000)
        }
    }
}
