import ArgumentParser
import Foundation

/// `weir load`.
struct LoadCommand: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Sends intents at a fixed rate and measures the time to their outcomes, or replays a file.",
        discussion: """
            Open loop (--rate): request k is due k / rate seconds after the start, however slow the server is, and \
            its latency counts from that moment. Closed loop (--clients): each client waits for its answer first. \
            Replay (--csv): the lines of a file, in its order. Ctrl-C ends a run with the report so far.
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup(title: "What is sent") var shape: ShapeOptions
    @OptionGroup(title: "Replay of a file") var replay: ReplayOptions

    @Option(
        parsing: .unconditional,
        help: "Open loop: so many intents per second. [default: 500, unless --clients is given]")
    var rate: Double?
    @Option(parsing: .unconditional, help: "Closed loop: so many clients, one intent at a time each.")
    var clients: Int?
    @Option(parsing: .unconditional, help: "For so many seconds. [default: 10, unless --intents is given]")
    var seconds: Double?
    @Option(parsing: .unconditional, help: "So many intents.")
    var intents: Int?
    @Option(
        parsing: .unconditional,
        help: "Open loop: a request that is due while so many are under way is dropped and counted.")
    var maxInFlight = 512
    @Option(parsing: .unconditional, help: "Wait so many seconds for each outcome; 0: acceptance is enough.")
    var wait = 10
    @Flag(help: "Wait in the same request (Prefer: wait); acceptance is then not measured by itself.")
    var oneRequest = false

    func validate() throws {
        if rate != nil && clients != nil { throw ValidationError("give either --rate or --clients") }
        if replay.csv != nil && (rate ?? seconds) != nil || replay.csv != nil && (clients ?? intents) != nil {
            throw ValidationError(
                "--csv sends what the file says; --rate, --clients, --seconds and --intents do not go with it"
            )
        }
        if let rate, !(rate > 0 && rate <= 1_000_000) { throw ValidationError("--rate must be above 0") }
        if let clients, !(1...10_000).contains(clients) {
            throw ValidationError("--clients must be from 1 to 10000")
        }
        if let seconds, !(seconds > 0 && seconds <= 86_400) {
            throw ValidationError("--seconds must be above 0, and at most 86400")
        }
        if let intents, !(1...100_000_000).contains(intents) {
            throw ValidationError("--intents must be from 1 to 100000000")
        }
        if !(1...10_000).contains(maxInFlight) {
            throw ValidationError("--max-in-flight must be from 1 to 10000")
        }
        // The server waits at most 30 seconds for anybody.
        if !(0...30).contains(wait) { throw ValidationError("--wait must be from 0 to 30 seconds") }
    }

    func execute() async throws {
        // Told by the first Ctrl-C, a run ends by itself and reports; only then does the process end.
        let isBroken = try await Interruption.guarding {
            if let path = replay.csv {
                return try await replayFile(path)
            }
            try await generate()
            return false
        }
        if isBroken { throw ExitCode(Failure.Code.promiseBroken.rawValue) }
    }

    private func generate() async throws {
        let connections = clients ?? maxInFlight
        try await server.withClient(connections: connections) { client in
            // A run against nobody would measure nothing but refused connections.
            try await client.knock()
            let skus = shape.names
            if let stock = shape.define {
                for sku in skus {
                    let defined = try await Retrying(patience: .seconds(5)).call {
                        () async throws(WeirClientError) in
                        try await client.putSKU(sku, stocked: stock, holdSeconds: shape.holdSeconds)
                    }
                    if defined.stock.stocked != stock {
                        say("weir: \(sku) existed already; it has \(defined.stock.stocked) units")
                    }
                }
            }
            let tally = Tally()
            let run = LoadRun(
                wishes: shape.wishes(of: skus),
                attempt: Attempt(client: client, tally: tally, waitSeconds: wait, inOneRequest: oneRequest))
            let start = ContinuousClock.now
            let progress = ProgressLine()
            let watching = Task {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(200))
                    let numbers = tally.now
                    progress.show(
                        "\(((ContinuousClock.now - start) / .seconds(1)).fixed(1)) s: \(numbers.sent) sent, "
                            + "\(numbers.inFlight) in flight, \(numbers.decided) decided, "
                            + "\(numbers.dropped) dropped, \(numbers.late) late")
                }
            }
            let loop = await send(run, from: start)
            watching.cancel()
            await watching.value
            progress.clear()
            let report = LoadReport(
                loop: loop, numbers: tally.now, seconds: (ContinuousClock.now - start) / .seconds(1),
                waitSeconds: wait, wasInterrupted: Task.isCancelled)
            print(server.json ? String(decoding: report.json, as: UTF8.self) : report.text)
            if let failure = report.failure { throw failure }
        }
    }

    private func send(_ run: LoadRun, from start: ContinuousClock.Instant) async -> LoadReport.Loop {
        if let clients {
            let limit = seconds ?? (intents == nil ? 10 : nil)
            await run.closed(
                clients: clients, count: intents, until: limit.map { start + .milliseconds(Int64($0 * 1000)) }
            )
            return .closed(clients: clients)
        }
        let rate = rate ?? 500
        var schedule = ArrivalSchedule(rate: rate, seconds: seconds ?? 10)
        if let intents {
            schedule = ArrivalSchedule(
                rate: rate, count: seconds == nil ? intents : min(intents, schedule.count))
        }
        let due = await run.open(schedule, maxInFlight: maxInFlight)
        return .open(rate: rate, due: due, maxInFlight: maxInFlight)
    }

    /// Replays the file; true when a promise is broken.
    private func replayFile(_ path: String) async throws -> Bool {
        do {
            return try await server.withClient(connections: replay.connections, patienceSeconds: 30) {
                try await replay.run(path, client: $0, asJSON: server.json)
            }
        } catch let fault as CSVReader.Fault {
            throw Failure(fault.line == 0 ? fault.reason : "\(path), \(fault)", .usage)
        }
    }
}
