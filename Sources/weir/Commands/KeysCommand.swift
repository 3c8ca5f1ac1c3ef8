import ArgumentParser
import WeirLive
import WeirWire

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "API keys: who may talk to the ingress.",
        discussion: """
            Scopes: intents:write submits, confirms and cancels; intents:read sees intents; stock:read sees stock and \
            metrics; stock:write defines and adjusts it; dead:write decides about dead letters. Servers notice a new or \
            a revoked key within ten seconds. Once there has been a key, they ask for one.
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a key and prints it, this once: it is stored only as a hash.")
        @OptionGroup var settings: CommandSettings
        @Option(help: "What it is for, such as 'checkout'.")
        var name: String
        @Option(
            help:
                "What it may do; may be given several times: \(Scope.allCases.map(\.rawValue).joined(separator: ", "))."
        )
        var scope: [Scope]

        func validate() throws {
            guard (1...100).contains(name.count), !name.contains(where: \.isNewline) else {
                throw ValidationError("--name must have 1 to 100 characters on one line")
            }
            guard !scope.isEmpty else {
                throw ValidationError("--scope must be given at least once: a key without one may do nothing")
            }
        }

        func execute() async throws {
            let shelf = try KeyShelf(databaseURL: try await databaseURL(settings))
            defer { shelf.close() }
            let scopes = ScopeSet(scope)
            let key = try shelf.create(name: name, scopes: scopes)
            if settings.json {
                printJSON { json in
                    json.member("key", key.text)
                    json.member("id", key.id)
                    json.member("name", name)
                    json.member("scope", scopes.text)
                }
            } else {
                print(key.text)
            }
            say("weir: keep it now, nobody can show it again; its id is \(key.id)")
        }
    }

    struct List: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists every key, the revoked ones too, the oldest first.")
        @OptionGroup var settings: CommandSettings

        func execute() async throws {
            let shelf = try KeyShelf(databaseURL: try await databaseURL(settings))
            defer { shelf.close() }
            let keys = try shelf.list()
            for key in keys { show(key, settings) }
            if keys.isEmpty { say("there are no keys; `weir keys create` makes one") }
        }
    }

    struct Revoke: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a key; servers refuse it within ten seconds.")
        @OptionGroup var settings: CommandSettings
        @Argument(help: "The key's id, as `weir keys list` shows it: the middle part of the key.")
        var id: String

        func execute() async throws {
            guard let id = APIKey.id(in: id) else {
                throw Failure(
                    "that is no key's id; it is the middle part of the key, eight letters and digits, and"
                        + " `weir keys list` shows it", .usage)
            }
            let shelf = try KeyShelf(databaseURL: try await databaseURL(settings))
            defer { shelf.close() }
            guard let key = try shelf.revoke(id) else { throw Failure("there is no key \(id)", .failed) }
            show(key, settings)
        }
    }
}

extension Scope: ExpressibleByArgument {}

private func databaseURL(_ settings: CommandSettings) async throws -> String {
    try settings.requireDatabaseURL(try await settings.reader())
}

private func show(_ key: APIKeyView, _ settings: CommandSettings) {
    if settings.json {
        return printJSON { json in
            json.member("id", key.id)
            json.member("name", key.name)
            json.member("scope", key.scopes.text)
            json.member("created_at", key.createdAt.rfc3339)
            if let revokedAt = key.revokedAt { json.member("revoked_at", revokedAt.rfc3339) }
        }
    }
    print(
        "\(key.id)  \(key.createdAt.rfc3339)  \(key.revokedAt.map { "revoked \($0.rfc3339)" } ?? "good")"
            + "  \(key.scopes.text)  \(printable(key.name))")
}
