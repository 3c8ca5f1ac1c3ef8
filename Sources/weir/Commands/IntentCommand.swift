import ArgumentParser
import Foundation

struct IntentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intent", abstract: "Submits, shows, confirms, cancels, extends and traces intents.",
        subcommands: [
            SubmitOne.self, Show.self, Confirm.self, Cancel.self, Extend.self, IntentTraceCommand.self,
        ])

    struct SubmitOne: WeirCommand {
        static let configuration = CommandConfiguration(
            commandName: "submit", abstract: "Submits an intent and waits for its outcome.",
            discussion:
                "The same token again gives the same outcome: repeat the command whenever you are in doubt.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The SKU.") var sku: String
        @Option(parsing: .unconditional, help: "How many units.") var quantity: Int64 = 1
        @Option(help: "Who buys.") var buyer: String
        @Option(help: "The intent's token; a new one if nothing is said.") var token: String?
        @Option(
            help:
                "When there are too few units: reject, waitlist or backorder, and no more than the SKU's policy."
        )
        var onShortage: String?
        @Option(
            help: "The token of an older intent of the same buyer, which is cancelled in the same commit.")
        var replaces: String?
        @Option(parsing: .unconditional, help: "Seconds to wait for the outcome, 0 to 30.") var wait = 10

        func validate() throws { try checkWait(wait) }

        func execute() async throws {
            let token = token ?? UUID().uuidString.lowercased()
            do {
                let answer = try await server.withClient {
                    try await $0.submit(
                        token: token, sku: sku, quantity: quantity, buyer: buyer, onShortage: onShortage,
                        replaces: replaces, waitSeconds: wait == 0 ? nil : wait)
                }
                show(answer, server)
            } catch {
                // A retry under another token would buy a second time.
                if self.token == nil { say("weir: to try again, add --token \(token)") }
                throw error
            }
        }
    }

    struct Show: WeirCommand {
        static let configuration = CommandConfiguration(abstract: "Shows where an intent stands.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The intent's token.") var token: String
        @Option(parsing: .unconditional, help: "Seconds to wait for its next change, 0 to 30.") var wait = 0

        func validate() throws { try checkWait(wait) }

        func execute() async throws {
            let answer = try await server.withClient {
                try await $0.intent(token: token, waitSeconds: wait == 0 ? nil : wait)
            }
            show(answer, server)
        }
    }

    struct Confirm: WeirCommand {
        static let configuration = CommandConfiguration(abstract: "Turns a hold into a sale.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The intent's token.") var token: String
        @Option(help: "Its SKU; spares the server a look-up.") var sku: String?

        func execute() async throws {
            show(try await server.withClient { try await $0.confirm(token: token, sku: sku) }, server)
        }
    }

    struct Cancel: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives an intent up; its units are free again.",
            discussion: "With --quantity only so many units of a sale are given back.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The intent's token.") var token: String
        @Option(help: "Its SKU; spares the server a look-up.") var sku: String?
        @Option(
            parsing: .unconditional,
            help: "How many units of a confirmed intent are given back; all if nothing is said.")
        var quantity: Int64?
        @Option(help: "Names this cancel, so that it takes effect once; a new one if nothing is said.")
        var key: String?

        func execute() async throws {
            let key = key ?? UUID().uuidString.lowercased()
            do {
                let answer = try await server.withClient {
                    try await $0.cancel(token: token, sku: sku, quantity: quantity, key: key)
                }
                show(answer, server)
            } catch {
                // A retry under another key would give back a second time.
                if self.key == nil, quantity != nil { say("weir: to try again, add --key \(key)") }
                throw error
            }
        }
    }

    struct Extend: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a hold a later deadline, up to what the SKU's policy permits.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The intent's token.") var token: String
        @Option(help: "Until when, such as 2026-11-21T09:30:00Z.") var until: String
        @Option(help: "Its SKU; spares the server a look-up.") var sku: String?

        func execute() async throws {
            let answer = try await server.withClient {
                try await $0.extend(token: token, holdUntil: until, sku: sku)
            }
            show(answer, server)
        }
    }
}

private func checkWait(_ seconds: Int) throws {
    guard (0...30).contains(seconds) else { throw ValidationError("--wait must be from 0 to 30") }
}

private func show(_ answer: IntentAnswer, _ server: ServerOptions) {
    if server.json { return print(String(decoding: answer.body, as: UTF8.self)) }
    var line = "\(answer.token)  \(answer.status.rawValue)"
    if let reason = answer.reason { line += " (\(reason))" }
    line += "  \(answer.quantity.map(String.init) ?? "?") of \(answer.sku)"
    if let returned = answer.returned { line += ", \(returned) given back" }
    if let holdUntil = answer.holdUntil { line += "  held until \(holdUntil)" }
    if let position = answer.position { line += "  position \(position)" }
    if let availableFrom = answer.availableFrom { line += "  expected \(availableFrom)" }
    print(line)
}
