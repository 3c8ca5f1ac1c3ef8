import AMQPClient
import ArgumentParser
import Foundation
import WeirCore
import WeirLive
import WeirWire

/// Which letters a command means.
struct FilterOptions: ParsableArguments {
    @Option(
        name: .customLong("where"),
        help: "Which letters, as in sku=tea,reason=invalid_field,since=2h; may be repeated.")
    var conditions: [String] = []

    func filter() throws -> DeadLetterFilter {
        var filter = DeadLetterFilter()
        for text in conditions {
            do throws(WireRefusal) {
                try filter.add(where: text, now: .now)
            } catch {
                throw Failure("--where: \(error.detail)", .usage)
            }
        }
        return filter
    }
}

/// Who acts, and why.
struct SignatureOptions: ParsableArguments {
    @Option(help: "Who does it, for the history; you, if nothing is said.")
    var who: String?
    @Option(help: "Why, for the history.")
    var why: String?

    var signature: Signature {
        Signature(who: who ?? "\(NSUserName())@\(ProcessInfo.processInfo.hostName)", why: why ?? "")
    }
}

/// Asks a person before much happens at once.
struct Confirmation: ParsableArguments {
    @Flag(help: "Do not ask.")
    var yes = false

    /// Returns when the person says yes; a script has to say it beforehand.
    func ask(_ question: String) throws {
        guard !yes else { return }
        guard isatty(0) == 1 else {
            throw Failure("\(question) Nobody can be asked here: add --yes", .usage)
        }
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        guard let answer = readLine()?.lowercased(), answer == "y" || answer == "yes" else {
            throw Failure("nothing was done", .failed)
        }
    }
}

extension Timestamp {
    /// This machine's clock: good enough for 'two hours ago'.
    static var now: Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
}

/// Runs blocking code on a thread with a stack for librabbitmq.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        _ = DedicatedThread(name: "weir") { continuation.resume(with: Result { try body() }) }
    }
}

/// Opens the table of dead letters on a thread of its own and works with it.
func withShelf<Value: Sendable>(
    _ settings: CommandSettings, _ body: @escaping @Sendable (DeadLetterShelf) throws -> Value
) async throws -> Value {
    let url = try settings.requireDatabaseURL(try await settings.reader())
    return try await onThread {
        let shelf = try DeadLetterShelf(databaseURL: url)
        defer { shelf.close() }
        return try body(shelf)
    }
}

func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }
