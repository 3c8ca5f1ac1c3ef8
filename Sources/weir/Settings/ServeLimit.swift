import ArgumentParser
import WeirIngress

/// A number that bounds what an ingress takes on: one option of `weir serve`, one row of `docs/limits.md`.
struct ServeLimit: Sendable {
    /// Its name in a settings file, behind `weir.limit.`; the option and the environment variable follow from it.
    let name: String
    /// What it may be.
    let range: ClosedRange<Int>
    /// What it bounds, and what happens beyond it.
    let means: String
    /// Where an ingress has it, with its default.
    let setting: WritableKeyPath<IngressSettings, Int> & Sendable

    init(
        _ name: String, _ setting: WritableKeyPath<IngressSettings, Int> & Sendable,
        _ range: ClosedRange<Int>, _ means: String
    ) {
        self.name = name
        self.range = range
        self.means = means
        self.setting = setting
    }

    /// The option without its dashes: `limit-body-bytes`.
    var option: String { "limit-" + Self.words(name, "-").lowercased() }
    /// The environment variable: `WEIR_LIMIT_BODY_BYTES`.
    var environment: String { "WEIR_LIMIT_" + Self.words(name, "_").uppercased() }
    /// The key in a settings file: `weir.limit.bodyBytes`.
    var key: String { "weir.limit." + name }
    /// What holds when nothing is said.
    var standard: Int { IngressSettings(databaseURL: "", amqpURL: "")[keyPath: setting] }
    /// What `--help` says.
    var help: ArgumentHelp { "\(means) [env: \(environment), default: \(standard)]" }

    private static func words(_ name: String, _ separator: String) -> String {
        name.reduce(into: "") { text, character in
            if character.isUppercase { text += separator }
            text.append(character)
        }
    }
}

extension ServeLimit {
    /// All of them, in the order of the page.
    static let all = [
        bodyBytes, headBytes, headerFields, batchLines, batchBytes, batchMemoryBytes, connections, streams,
        inFlight, doorMilliseconds, waiting, queuedMemory, rateMemory, idleSeconds, readSeconds, writeSeconds,
        waitSeconds,
        publishSeconds, lookUpSeconds, shutdownSeconds,
    ]

    // MARK: Sizes

    static let bodyBytes = Self(
        "bodyBytes", \.largestBody, 1_024...65_536, "The largest body of a request, in bytes; beyond: 413.")
    static let headBytes = Self(
        "headBytes", \.largestHead, 1_024...1_048_576,
        "The largest head of a request, path and fields together, in bytes; beyond: 431.")
    static let headerFields = Self(
        "headerFields", \.headerFieldLimit, 8...1_000, "The most header fields of a request; beyond: 431.")
    static let batchLines = Self(
        "batchLines", \.batchLimit, 1...10_000, "The most intents of a batch; beyond: 413.")
    static let batchBytes = Self(
        "batchBytes", \.largestBatchBody, 1_024...67_108_864,
        "The largest body of a batch, in bytes; beyond: 413.")

    // MARK: How much at once

    static let batchMemoryBytes = Self(
        "batchMemoryBytes", \.batchMemory, 1_024...1_073_741_824,
        "The most bytes of all batches under way together; beyond: 503.")
    static let connections = Self(
        "connections", \.connectionLimit, 1...1_000_000,
        "The most connections; further ones get 503 and are closed. Fewer, if fewer files may be open.")
    static let streams = Self(
        "streams", \.streamLimit, 0...100_000, "The most event streams at once; beyond: 503.")
    static let inFlight = Self(
        "inFlight", \.inFlightLimit, 1...1_000_000,
        "The most requests on their way to the broker; beyond: 503.")
    static let doorMilliseconds = Self(
        "doorMilliseconds", \.doorMilliseconds, 1...60_000,
        "How long the way to the broker may take in a standing queue, in milliseconds; beyond: 503.")
    static let waiting = Self(
        "waiting", \.waiterLimit, 0...1_000_000,
        "The most requests that wait for an outcome; beyond: 503.")
    static let queuedMemory = Self(
        "queuedMemory", \.queuedMemory, 0...10_000_000,
        "The most accepted intents without an outcome that are shown as queued; beyond, the oldest are forgotten."
    )
    static let rateMemory = Self(
        "rateMemory", \.rateMemory, 1...10_000_000,
        "How many buyers and how many credentials the quotas remember at least, of those who came last.")

    // MARK: Time

    static let idleSeconds = Self(
        "idleSeconds", \.idleTimeoutSeconds, 1...86_400,
        "How long a connection may be idle, or take for the head of a request; beyond: it is closed.")
    static let readSeconds = Self(
        "readSeconds", \.readTimeoutSeconds, 1...3_600,
        "How long the body of a request may take to arrive; beyond: 408.")
    static let writeSeconds = Self(
        "writeSeconds", \.writeTimeoutSeconds, 1...3_600,
        "How long a client may take to receive its answer; beyond: the connection is closed.")
    static let waitSeconds = Self(
        "waitSeconds", \.waitLimitSeconds, 0...600,
        "The longest wait for an outcome; a longer wish is cut to it.")
    static let publishSeconds = Self(
        "publishSeconds", \.publishDeadlineSeconds, 2...60,
        "The longest wait for the broker's confirm; beyond: 503.")
    static let lookUpSeconds = Self(
        "lookUpSeconds", \.lookUpTimeoutSeconds, 1...60,
        "The longest wait for PostgreSQL's answer; beyond, it counts as away.")
    static let shutdownSeconds = Self(
        "shutdownSeconds", \.shutdownGraceSeconds, 4...3_600,
        "The longest that a graceful shutdown may take.")
}
