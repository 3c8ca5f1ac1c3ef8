import ArgumentParser
import Foundation
import PostgresClient
import Synchronization
import WeirSandbox

/// Hundreds of faults under load, and the promises afterwards.
struct ChaosCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Breaks servers and processes under load, then checks the promises.",
        discussion: "Exit code 3 means that a promise is broken.")

    static let partitions = 4

    @Option(help: "How long faults happen, in minutes.")
    var minutes = 1.5

    @Option(help: "The seed of the schedule and of the load; random unless given.")
    var seed: UInt64?

    @Option(help: "Buyers at once.")
    var buyers = 24

    mutating func run() async throws {
        let seed = seed ?? UInt64.random(in: 1...999_999)
        print("chaos: seed \(seed), \(minutes) minutes, \(buyers) buyers")
        let (minutes, buyers) = (minutes, buyers)
        let holds = Mutex(false)
        try await withSandbox { sandbox in
            let result = try await Self.suffer(sandbox, seed: seed, minutes: minutes, buyers: buyers)
            holds.withLock { $0 = result }
        }
        if !holds.withLock({ $0 }) {
            print("a promise is broken; the same again: weir-lab chaos --seed \(seed) --minutes \(minutes)")
            throw ExitCode(3)
        }
    }

    private static func suffer(
        _ sandbox: Sandbox, seed: UInt64, minutes: Double, buyers: Int
    ) async throws -> Bool {
        let servers = try await ChaosServers(sandbox)
        defer { servers.stop() }
        try await until("the ingress", within: .seconds(60)) { servers.isWhole }
        let witness = try ChaosWitness(servers.room.amqpURL)
        let history = ChaosHistory()
        let load = ChaosBuyers(ChaosClient(port: servers.port), history)
        try await load.openShop()

        let amqpURL = servers.room.amqpURL
        let crowd = Task {
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<buyers { group.addTask { await load.buy(number, seed: seed) } }
                group.addTask { await load.vandalize(amqpURL, partitions: partitions) }
            }
        }
        let faults = try await ChaosRun(servers, seed: seed).run(for: .seconds(minutes * 60))
        // Everybody is well again; whoever insists gets an answer.
        try await until("everybody to be well again", within: .seconds(120), every: .milliseconds(500)) {
            try? servers.revive()
            return servers.isWhole
        }
        load.finish()
        await crowd.value
        let databaseURL = servers.room.databaseURL
        await onThread {
            try? settle(databaseURL, witness)
            witness.stop()
        }

        let verdict = try ChaosVerdict(servers.room.databaseURL, history, witness)
        report(verdict, faults, history)
        return verdict.holds
    }

    /// Waits until everything accepted is decided and everything decided is published; what is missing then is lost.
    private static func settle(_ databaseURL: String, _ witness: ChaosWitness) throws {
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "chaos"))
        defer { session.close() }
        let lag = Query(Statement(name: "lag", sql: LabQueries.chaosLag))
        // An order that waits for an answer that was lost asks again after a minute.
        let deadline = ContinuousClock.now + .seconds(180)
        var (calmSince, last) = (ContinuousClock.now, -1)
        // Holds go on expiring for some seconds: it is over when nothing has happened for five.
        while ContinuousClock.now < deadline, ContinuousClock.now - calmSince < .seconds(5) {
            let behind = try session.run(lag).int(0, 0)
            let received = witness.received
            if behind > 0 || received != last { calmSince = .now }
            last = received
            Thread.sleep(forTimeInterval: 0.2)
        }
    }

    private static func report(_ verdict: ChaosVerdict, _ faults: [ChaosFault: Int], _ history: ChaosHistory)
    {
        print("\(faults.values.reduce(0, +)) faults:")
        for fault in ChaosFault.allCases { print("  \(faults[fault] ?? 0) × \(fault.rawValue)") }
        let answers = history.answers.sorted { $0.key < $1.key }
            .map { "\($0.value) × \($0.key == 0 ? "none" : "\($0.key)")" }
        print(
            "\(history.wishes(.intent).count) intents, \(history.wishes(.order).count) orders, answers: \(answers.joined(separator: ", "))"
        )
        for line in verdict.lines {
            print("promise \(line.promise): \(line.broken.isEmpty ? "kept" : "BROKEN"), \(line.checked)")
            for example in line.broken.prefix(5) { print("    \(example)") }
        }
    }
}

/// Lets faults happen, one after the other and in pairs, and waits until all are healed.
final class ChaosRun: Sendable {
    private let servers: ChaosServers
    private let seed: UInt64
    private let busy = Mutex<Set<ChaosFault.Victim>>([])

    init(_ servers: ChaosServers, seed: UInt64) {
        self.servers = servers
        self.seed = seed
    }

    /// How often each fault has happened.
    func run(for duration: Duration) async throws -> [ChaosFault: Int] {
        var schedule = ChaosSchedule(seed: seed)
        var faults: [ChaosFault: Int] = [:]
        let begin = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            while ContinuousClock.now - begin < duration {
                try await Task.sleep(for: schedule.pause())
                let spared = busy.withLock { $0 }
                guard let entry = schedule.next(sparing: spared) else { continue }
                busy.withLock { _ = $0.insert(entry.fault.victim) }
                faults[entry.fault, default: 0] += 1
                say("  \(Int((ContinuousClock.now - begin).seconds)) s: \(entry.fault.rawValue)")
                group.addTask { [servers, self] in
                    defer { busy.withLock { _ = $0.remove(entry.fault.victim) } }
                    do {
                        try await servers.suffer(entry)
                    } catch is PostgresError {
                        // A server that is away cannot cut its sessions.
                    } catch is SandboxError {
                        // Nor a broker its connections.
                    }
                }
            }
            try await group.waitForAll()
        }
        return faults
    }
}
