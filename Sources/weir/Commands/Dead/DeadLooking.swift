import ArgumentParser
import WeirLive
import WeirWire

struct DeadList: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists dead letters, the oldest first.")
    @OptionGroup var settings: CommandSettings
    @OptionGroup var filter: FilterOptions
    @Option(parsing: .unconditional, help: "At most so many.")
    var limit = 100
    @Option(parsing: .unconditional, help: "Only letters with a greater id than this.")
    var after: Int64 = 0

    func validate() throws {
        guard (1...100_000).contains(limit) else {
            throw ValidationError("--limit must be from 1 to 100000")
        }
    }

    func execute() async throws {
        let filter = try filter.filter()
        let letters = try await withShelf(settings) { [after, limit] in
            try $0.list(filter, after: after, limit: limit)
        }
        for letter in letters {
            if settings.json {
                printJSON { letter.write(to: &$0) }
            } else {
                print(line(letter))
            }
        }
        if letters.isEmpty { say("there are no such dead letters") }
        if letters.count == limit, let last = letters.last {
            say("there may be more: --after \(last.id)")
        }
    }

    private func line(_ letter: DeadLetterView) -> String {
        var notes: [String] = []
        if letter.state != .open { notes.append(letter.state.rawValue) }
        if letter.replayed > 0 { notes.append("replayed \(letter.replayed)x") }
        if letter.returned > 0 { notes.append("CAME BACK \(letter.returned)x") }
        if let state = letter.intentState { notes.append("its \(letter.wish) is \(state)") }
        let place = letter.partition.map { "partition \($0)" } ?? "no partition"
        return "\(letter.id)  \(letter.lastSeen.rfc3339)  \(place)  \(letter.fault)  \(letter.token ?? "-")"
            + (notes.isEmpty ? "" : "  [\(notes.joined(separator: ", "))]") + "  \(letter.detail)"
    }
}

struct DeadGroups: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups", abstract: "Says what failed in the same way, how often, and shows an example.")
    @OptionGroup var settings: CommandSettings
    @OptionGroup var filter: FilterOptions
    @Option(parsing: .unconditional, help: "At most so many groups.")
    var limit = 50

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 10000") }
    }

    func execute() async throws {
        let filter = try filter.filter()
        let groups = try await withShelf(settings) { [limit] in try $0.groups(filter, limit: limit) }
        for group in groups {
            if settings.json {
                printJSON { group.write(to: &$0) }
                continue
            }
            print(
                "\(count(group.count, "letter"))  \(group.fault)  \(group.type.map(printable) ?? "without a type")"
            )
            print("    first seen \(group.firstSeen.rfc3339), last seen \(group.lastSeen.rfc3339)")
            print("    such as \(group.example): \(group.detail)")
        }
        if groups.isEmpty { say("there are no such dead letters") }
    }
}

struct DeadShow: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows all that is known of one dead letter.")
    @OptionGroup var settings: CommandSettings
    @Argument(help: "The letter's id, as `weir dead list` shows it.")
    var id: Int64

    func execute() async throws {
        let (letter, history) = try await withShelf(settings) { [id] shelf in
            (try shelf.letter(id), try shelf.history(of: id))
        }
        guard let letter else {
            throw Failure(
                "there is no dead letter \(id); `weir dead list --where state=any` shows which there are",
                .failed)
        }
        if settings.json {
            printJSON { json in
                letter.write(to: &json)
                json.member("history", array: history) { json, action in action.write(to: &json) }
            }
            return
        }
        print("id           \(letter.id), \(letter.state.rawValue)")
        print("reason       \(letter.reason): \(letter.detail)")
        print("first seen   \(letter.firstSeen.rfc3339)")
        print("last seen    \(letter.lastSeen.rfc3339), \(letter.seen) times")
        print("replayed     \(letter.replayed) times, came back \(letter.returned) times")
        print("partition    \(letter.partition.map(String.init) ?? "-")")
        print("type         \(letter.type.map(printable) ?? "-")")
        print("token        \(letter.token ?? "-")")
        print("its \(letter.wish)".padded(to: 13) + (letter.intentState ?? "not decided"))
        print("sku          \(letter.sku ?? "-")")
        print("exchange     \(letter.exchange), routing key \(letter.routingKey)")
        print("properties   \(letter.properties)")
        print("headers      \(letter.headers)")
        print("body         \(shown(letter.body ?? []))")
        for action in history { print("history      \(line(action))") }
    }

    private func line(_ action: DeadLetterAction) -> String {
        var line = "\(action.at.rfc3339)  \(action.action) by \(action.who)"
        if !action.why.isEmpty { line += ": \(action.why)" }
        if let replay = action.replay {
            line += "  (replay \(replay)"
            line += action.confirmedAt == nil ? ", not confirmed" : ""
            line += action.returnedAt.map { ", came back \($0.rfc3339)" } ?? ""
            line += ")"
        }
        if action.decides { line += "  (what it wants is rejected as discarded)" }
        if let before = action.bodyBefore { line += "  it was: \(shown(before))" }
        return line
    }
}

/// A stranger's bytes, fit for a terminal.
func shown(_ body: [UInt8]) -> String {
    let text = String(decoding: body.prefix(4_096), as: UTF8.self)
    let clean = text.unicodeScalars.map {
        $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : String($0)
    }
    return clean.joined() + (body.count > 4_096 ? "… (\(body.count) bytes; --json shows them all)" : "")
}

extension DeadLetterView {
    /// What the letter is about, as a person calls it.
    fileprivate var wish: String { type?.hasPrefix("weir.order.") ?? false ? "order" : "intent" }
}
