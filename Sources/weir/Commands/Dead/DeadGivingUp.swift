import ArgumentParser
import WeirLive

/// Which letters to give up or to bring back: some by their ids, or those that a filter names.
struct ChosenLetters: ParsableArguments {
    @Argument(help: "The letters' ids; or choose them by --where.")
    var ids: [Int64] = []
    @OptionGroup var filter: FilterOptions
    @Option(parsing: .unconditional, help: "At most so many letters.")
    var limit: Int?

    func chosen() throws -> DeadLetterFilter {
        guard ids.isEmpty != filter.conditions.isEmpty else {
            throw Failure("give the letters' ids, or choose them by --where", .usage)
        }
        guard limit.map({ $0 >= 1 }) ?? true else { throw Failure("--limit must be at least 1", .usage) }
        return ids.isEmpty ? try filter.filter() : DeadLetterFilter(ids: ids)
    }
}

struct DeadDiscard: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Gives dead letters up, with a reason.",
        discussion: """
            An intent or an order that was accepted, and that nobody has decided, is decided by this: rejected, as \
            discarded, so that nobody waits for ever; a decision is final. A letter that holds no such wish can be \
            restored until its token is asked for again.
            """)
    @OptionGroup var settings: CommandSettings
    @OptionGroup var letters: ChosenLetters
    @OptionGroup var signature: SignatureOptions
    @OptionGroup var confirmation: Confirmation

    func execute() async throws {
        guard signature.why?.isEmpty == false else { throw Failure("say --why you discard it", .usage) }
        var filter = try letters.chosen()
        filter.state = .open
        let amqpURL = try settings.requireAMQPURL(try await settings.reader())
        let (wanted, limit, signature) = (filter, letters.limit ?? .max, signature.signature)
        let found = try await withShelf(settings) { try $0.count(wanted).letters }
        guard found > 0 else { throw Failure("there are no such open dead letters", .failed) }
        try confirmation.ask("Give up \(count(min(found, limit), "dead letter"))?")
        let outcome = try await withShelf(settings) {
            try $0.discard(wanted, limit: limit, signature, amqpURL: amqpURL, logger: .silent)
        }
        if settings.json {
            printJSON {
                $0.member("discarded", Int64(outcome.letters))
                $0.member("intents_rejected", Int64(outcome.intents))
            }
        } else {
            print("discarded \(count(outcome.letters, "letter"))")
            if outcome.intents > 0 {
                print("\(count(outcome.intents, "intent")) will be rejected as discarded")
            }
        }
    }
}

struct DeadRestore: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Opens discarded letters again, unless their intents are decided.")
    @OptionGroup var settings: CommandSettings
    @OptionGroup var letters: ChosenLetters
    @OptionGroup var signature: SignatureOptions

    func execute() async throws {
        var filter = try letters.chosen()
        filter.state = .discarded
        let (wanted, limit, signature) = (filter, letters.limit ?? .max, signature.signature)
        let outcome = try await withShelf(settings) { try $0.restore(wanted, limit: limit, signature) }
        if settings.json {
            printJSON {
                $0.member("restored", Int64(outcome.letters))
                $0.member("refused", Int64(outcome.refused))
            }
        } else {
            print("restored \(count(outcome.letters, "letter"))")
        }
        if outcome.refused > 0 {
            throw Failure(
                "\(count(outcome.refused, "letter")) cannot be restored: an intent that was decided stays decided",
                .failed)
        }
        if outcome.letters == 0 { throw Failure("there are no such discarded letters", .failed) }
    }
}
