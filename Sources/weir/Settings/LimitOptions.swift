import ArgumentParser
import Configuration
import WeirIngress

/// What an ingress takes on, and how often one may come. `docs/limits.md` lists the same.
struct LimitOptions: ParsableArguments {
    @Option(
        name: .customLong(ServeLimit.bodyBytes.option), parsing: .unconditional,
        help: ServeLimit.bodyBytes.help)
    var bodyBytes: Int?
    @Option(
        name: .customLong(ServeLimit.headBytes.option), parsing: .unconditional,
        help: ServeLimit.headBytes.help)
    var headBytes: Int?
    @Option(
        name: .customLong(ServeLimit.headerFields.option), parsing: .unconditional,
        help: ServeLimit.headerFields.help)
    var headerFields: Int?
    @Option(
        name: .customLong(ServeLimit.batchLines.option), parsing: .unconditional,
        help: ServeLimit.batchLines.help)
    var batchLines: Int?
    @Option(
        name: .customLong(ServeLimit.batchBytes.option), parsing: .unconditional,
        help: ServeLimit.batchBytes.help)
    var batchBytes: Int?
    @Option(
        name: .customLong(ServeLimit.batchMemoryBytes.option), parsing: .unconditional,
        help: ServeLimit.batchMemoryBytes.help)
    var batchMemoryBytes: Int?
    @Option(
        name: .customLong(ServeLimit.connections.option), parsing: .unconditional,
        help: ServeLimit.connections.help)
    var connections: Int?
    @Option(
        name: .customLong(ServeLimit.streams.option), parsing: .unconditional, help: ServeLimit.streams.help)
    var streams: Int?
    @Option(
        name: .customLong(ServeLimit.inFlight.option), parsing: .unconditional, help: ServeLimit.inFlight.help
    )
    var inFlight: Int?
    @Option(
        name: .customLong(ServeLimit.doorMilliseconds.option), parsing: .unconditional,
        help: ServeLimit.doorMilliseconds.help)
    var doorMilliseconds: Int?
    @Option(
        name: .customLong(ServeLimit.waiting.option), parsing: .unconditional, help: ServeLimit.waiting.help)
    var waiting: Int?
    @Option(
        name: .customLong(ServeLimit.queuedMemory.option), parsing: .unconditional,
        help: ServeLimit.queuedMemory.help)
    var queuedMemory: Int?
    @Option(
        name: .customLong(ServeLimit.rateMemory.option), parsing: .unconditional,
        help: ServeLimit.rateMemory.help)
    var rateMemory: Int?
    @Option(
        name: .customLong(ServeLimit.idleSeconds.option), parsing: .unconditional,
        help: ServeLimit.idleSeconds.help)
    var idleSeconds: Int?
    @Option(
        name: .customLong(ServeLimit.readSeconds.option), parsing: .unconditional,
        help: ServeLimit.readSeconds.help)
    var readSeconds: Int?
    @Option(
        name: .customLong(ServeLimit.writeSeconds.option), parsing: .unconditional,
        help: ServeLimit.writeSeconds.help)
    var writeSeconds: Int?
    @Option(
        name: .customLong(ServeLimit.waitSeconds.option), parsing: .unconditional,
        help: ServeLimit.waitSeconds.help)
    var waitSeconds: Int?
    @Option(
        name: .customLong(ServeLimit.publishSeconds.option), parsing: .unconditional,
        help: ServeLimit.publishSeconds.help)
    var publishSeconds: Int?
    @Option(
        name: .customLong(ServeLimit.lookUpSeconds.option), parsing: .unconditional,
        help: ServeLimit.lookUpSeconds.help)
    var lookUpSeconds: Int?
    @Option(
        name: .customLong(ServeLimit.shutdownSeconds.option), parsing: .unconditional,
        help: ServeLimit.shutdownSeconds.help)
    var shutdownSeconds: Int?

    @Option(help: ServeRate.overall.help) var rateOverall: String?
    @Option(help: ServeRate.perCredential.help) var ratePerCredential: String?
    @Option(help: ServeRate.perBuyer.help) var ratePerBuyer: String?

    @Flag(name: .customLong("no-gate"), help: Self.gateHelp) var noGate = false

    private static let gateHelp: ArgumentHelp = """
        Publish intents for SKUs of which nothing is left, too, instead of refusing them at the door. \
        [env: WEIR_GATE=off, default: on]
        """

    private var limits: [(ServeLimit, Int?)] {
        [
            (.bodyBytes, bodyBytes), (.headBytes, headBytes), (.headerFields, headerFields),
            (.batchLines, batchLines), (.batchBytes, batchBytes), (.batchMemoryBytes, batchMemoryBytes),
            (.connections, connections), (.streams, streams), (.inFlight, inFlight),
            (.doorMilliseconds, doorMilliseconds), (.waiting, waiting),
            (.queuedMemory, queuedMemory), (.rateMemory, rateMemory), (.idleSeconds, idleSeconds),
            (.readSeconds, readSeconds), (.writeSeconds, writeSeconds), (.waitSeconds, waitSeconds),
            (.publishSeconds, publishSeconds), (.lookUpSeconds, lookUpSeconds),
            (.shutdownSeconds, shutdownSeconds),
        ]
    }

    private var rates: [(ServeRate, String?)] {
        [(.overall, rateOverall), (.perCredential, ratePerCredential), (.perBuyer, ratePerBuyer)]
    }

    /// The keys that a settings file may have for them.
    static let keys = ServeLimit.all.map(\.key) + ServeRate.all.map(\.key) + ["weir.gate"]

    /// Fills in what was said; a bad value is an error that names it.
    func apply(to ingress: inout IngressSettings, _ reader: ConfigReader) async throws {
        for (limit, given) in limits {
            let number = try await reader.number(given, forKey: ConfigKey(limit.key), in: limit.range)
            if let number { ingress[keyPath: limit.setting] = number }
        }
        for (rate, given) in rates {
            let text =
                if let given { given } else { try await reader.fetchString(forKey: ConfigKey(rate.key)) }
            guard let text, text != ServeRate.none else { continue }
            guard let limit = RateLimit(text) else {
                throw Failure(
                    "the setting \(rate.key) is '\(text)'; it must be \(RateLimit.form), or \(ServeRate.none)",
                    .usage)
            }
            ingress[keyPath: rate.setting] = limit
        }
        if noGate {
            ingress.soldOutGate = false
        } else if let text = try await reader.fetchString(forKey: "weir.gate") {
            guard text == "on" || text == "off" else {
                throw Failure("the setting weir.gate is '\(text)'; it must be on or off", .usage)
            }
            ingress.soldOutGate = text == "on"
        }
    }
}

/// How often one may come: one option of `weir serve`, one row of `docs/limits.md`.
struct ServeRate: Sendable {
    /// Its name in a settings file, behind `weir.rate.`.
    let name: String
    let option: String
    let environment: String
    let means: String
    let setting: WritableKeyPath<IngressSettings, RateLimit?> & Sendable

    /// What says that there is no quota.
    static let none = "none"
    /// The key in a settings file.
    var key: String { "weir.rate." + name }
    /// What `--help` says.
    var help: ArgumentHelp {
        "\(means) As REQUESTS/SECONDS, such as 100/10; beyond: 429. [env: \(environment), default: \(Self.none)]"
    }

    static let all = [overall, perCredential, perBuyer]
    static let overall = Self(
        name: "overall", option: "rate-overall", environment: "WEIR_RATE_OVERALL",
        means: "How often all clients together may come.", setting: \.rateOverall)
    static let perCredential = Self(
        name: "perCredential", option: "rate-per-credential", environment: "WEIR_RATE_PER_CREDENTIAL",
        means: "How often each credential may come.", setting: \.ratePerCredential)
    static let perBuyer = Self(
        name: "perBuyer", option: "rate-per-buyer", environment: "WEIR_RATE_PER_BUYER",
        means: "How often intents of each buyer may come.", setting: \.ratePerBuyer)
}
