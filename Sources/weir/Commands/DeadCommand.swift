import ArgumentParser
import WeirLive
import WeirWire

struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "Messages that could not be decided.",
        subcommands: [List.self, Show.self])

    struct List: WeirCommand {
        static let configuration = CommandConfiguration(abstract: "Lists dead letters, the oldest first.")
        @OptionGroup var settings: CommandSettings
        @Option(help: "At most so many.")
        var limit = 100
        @Option(help: "Only letters with a greater id than this.")
        var after: Int64 = 0

        func validate() throws {
            guard (1...100_000).contains(limit) else {
                throw ValidationError("--limit must be from 1 to 100000")
            }
        }

        func execute() async throws {
            let shelf = try await shelf(settings)
            defer { shelf.close() }
            let letters = try shelf.list(after: after, limit: limit)
            for letter in letters {
                if settings.json {
                    printJSON { letter.write(to: &$0) }
                } else {
                    print(
                        "\(letter.id)  \(letter.lastSeen.rfc3339)  partition \(letter.partition)  \(letter.reason)"
                            + "  \(letter.token ?? "-")  \(letter.detail)")
                }
            }
            if letters.isEmpty { say("there are no dead letters") }
            if letters.count == limit, let last = letters.last {
                say("there may be more: --after \(last.id)")
            }
        }
    }

    struct Show: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows all that is known of one dead letter.")
        @OptionGroup var settings: CommandSettings
        @Argument(help: "The letter's id, as `weir dead list` shows it.")
        var id: Int64

        func execute() async throws {
            let shelf = try await shelf(settings)
            defer { shelf.close() }
            guard let letter = try shelf.letter(id), let message = letter.message else {
                throw Failure("there is no dead letter \(id)", .failed)
            }
            if settings.json {
                printJSON { letter.write(to: &$0) }
                return
            }
            print("id           \(letter.id)")
            print("reason       \(letter.reason): \(letter.detail)")
            print("first seen   \(letter.firstSeen.rfc3339)")
            print("last seen    \(letter.lastSeen.rfc3339), \(letter.seen) times")
            print("partition    \(letter.partition)")
            print("type         \(letter.type.map(printable) ?? "-")")
            print("token        \(letter.token ?? "-")")
            print("sku          \(letter.sku ?? "-")")
            print("exchange     \(message.exchange), routing key \(message.routingKey)")
            print("properties   \(message.properties)")
            print("headers      \(message.headers)")
            print("body         \(shown(message.body))")
        }

        /// A stranger's bytes, fit for a terminal.
        private func shown(_ body: [UInt8]) -> String {
            let text = String(decoding: body.prefix(4_096), as: UTF8.self)
            let clean = text.unicodeScalars.map {
                $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : String($0)
            }
            return clean.joined()
                + (body.count > 4_096 ? "… (\(body.count) bytes; --json shows them all)" : "")
        }
    }
}

private func shelf(_ settings: CommandSettings) async throws -> DeadLetterShelf {
    try DeadLetterShelf(databaseURL: try settings.requireDatabaseURL(try await settings.reader()))
}

extension DeadLetterView {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("id", id)
        json.member("reason", reason)
        json.member("detail", detail)
        json.member("first_seen", firstSeen.rfc3339)
        json.member("last_seen", lastSeen.rfc3339)
        json.member("seen", Int64(seen))
        json.member("partition", Int64(partition))
        if let type { json.member("type", type) }
        if let token { json.member("token", token) }
        if let sku { json.member("sku", sku) }
        guard let message else { return }
        json.member("exchange", message.exchange)
        json.member("routing_key", message.routingKey)
        json.member("properties", message.properties)
        json.member("headers", message.headers)
        json.member("body", String(decoding: message.body, as: UTF8.self))
    }
}
