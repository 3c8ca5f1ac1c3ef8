import ArgumentParser
import WeirSandbox

/// What it costs to ask for credentials, on the shortest way through an ingress: the sold-out gate's.
struct CredentialsBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credentials",
        abstract: "Answers per second with an API key or a JWT, beside a server that asks for none.")

    @Option(help: "Keep-alive clients.")
    var clients = 64

    @Option(help: "Seconds of each measurement.")
    var seconds = 4.0

    @Option(help: "How often all are measured, in turn.")
    var runs = 3

    /// So many tokens that are seen for the first time.
    private static let newcomers = 40_000

    mutating func run() async throws { try await withSandbox(measure) }

    private func measure(_ sandbox: Sandbox) async throws {
        print(
            "Credentials: \(clients) keep-alive clients at the sold-out gate, \(runs) runs of \(Int(seconds)) s"
                + " in turn")
        let issuer = try LabIssuer()
        defer { issuer.remove() }
        let open = try await SoldOutServer.start(sandbox)
        defer { open.process.stop() }
        let guarded = try await SoldOutServer.start(sandbox, issuer: issuer)
        defer { guarded.process.stop() }
        let buyers = try (0..<100).map { try issuer.token("buyer-\($0)") }

        var contestants = [
            Contestant("none", open) { $0.clients(clients, "a") },
            Contestant("API key", guarded) { $0.clients(clients, "b") },
            Contestant("JWT of 100 callers", guarded) {
                $0.clients(clients, "c") { buyers[$0 % buyers.count] }
            },
        ]
        for run in 0...runs {
            for place in contestants.indices {
                // The first of each warms up and is not counted.
                try contestants[place].measure(run == 0 ? 1 : seconds, isCounted: run > 0)
            }
        }
        let new = try (0..<Self.newcomers).map { try issuer.token("new-\($0)") }
        var first = Contestant("JWT, each for the first time", guarded) {
            $0.clients(clients, "d") { new[$0 % new.count] }
        }
        try first.measure(1, isCounted: true)
        for contestant in contestants + [first] { contestant.report(beside: contestants[0]) }
    }

    private struct Contestant {
        let name: String
        let server: SoldOutServer
        let load: KeepAliveClients
        var rates: [Double] = []
        /// Microseconds of processor time an answer.
        var costs: [Double] = []
        var statuses: [Int: Int] = [:]

        init(_ name: String, _ server: SoldOutServer, _ load: (SoldOutServer) -> KeepAliveClients) {
            self.name = name
            self.server = server
            self.load = load(server)
        }

        mutating func measure(_ seconds: Double, isCounted: Bool) throws {
            let before = server.process.processorSeconds
            let result = try load.run(seconds: seconds)
            guard isCounted else { return }
            rates.append(result.rate)
            costs.append(
                (server.process.processorSeconds - before) / Double(max(1, result.answers)) * 1e6)
            statuses.merge(result.statuses) { $0 + $1 }
            say("  \(name): \(result.rate.rounded)/s")
        }

        func report(beside other: Contestant) {
            print(
                "  \(name): \(median(rates).rounded)/s, \(median(costs).short) µs of processor time an answer;"
                    + " of the rate without \((median(rates) / median(other.rates)).short); answers:"
                    + statuses.sorted { $0.key < $1.key }.map { " \($0.key): \($0.value)" }.joined())
        }
    }
}
