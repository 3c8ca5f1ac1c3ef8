import ArgumentParser
import Foundation

struct OrderCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "Submits, shows, confirms, cancels, extends and traces orders of several SKUs.",
        subcommands: [
            SubmitOne.self, Show.self, Confirm.self, Cancel.self, Extend.self, IntentTraceCommand.self,
        ])

    struct SubmitOne: WeirCommand {
        static let configuration = CommandConfiguration(
            commandName: "submit", abstract: "Submits an order and waits for its outcome.",
            discussion:
                "The same token again gives the same outcome: repeat the command whenever you are in doubt.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The lines, each a SKU, or SKU=QUANTITY.") var lines: [String]
        @Option(help: "Who buys.") var buyer: String
        @Option(help: "The order's token; a new one if nothing is said.") var token: String?
        @Option(parsing: .unconditional, help: "Seconds to wait for the outcome, 0 to 30.") var wait = 10

        func validate() throws {
            try checkWait(wait)
            _ = try lines.map(Self.line)
        }

        private static func line(_ text: String) throws -> (sku: String, quantity: Int64) {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            if parts.count == 1 { return (text, 1) }
            guard parts.count == 2, let quantity = Int64(parts[1]), quantity > 0 else {
                throw ValidationError("the line '\(text)' must be a SKU, or SKU=QUANTITY such as tea=2")
            }
            return (String(parts[0]), quantity)
        }

        func execute() async throws {
            let token = token ?? UUID().uuidString.lowercased()
            let lines = try lines.map(Self.line)
            do {
                let answer = try await server.withClient {
                    try await $0.submitOrder(
                        token: token, buyer: buyer, lines: lines, waitSeconds: wait == 0 ? nil : wait)
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
        static let configuration = CommandConfiguration(abstract: "Shows where an order and its lines stand.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The order's token.") var token: String
        @Option(parsing: .unconditional, help: "Seconds to wait for its decision, 0 to 30.") var wait = 0

        func validate() throws { try checkWait(wait) }

        func execute() async throws {
            let answer = try await server.withClient {
                try await $0.order(token: token, waitSeconds: wait == 0 ? nil : wait)
            }
            show(answer, server)
        }
    }

    struct Confirm: WeirCommand {
        static let configuration = CommandConfiguration(abstract: "Turns an order's hold into a sale.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The order's token.") var token: String

        func execute() async throws {
            show(try await server.withClient { try await $0.confirmOrder(token: token) }, server)
        }
    }

    struct Cancel: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives an order up, or some of its lines; their units are free again.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The order's token.") var token: String
        @Option(
            name: .customLong("line"), parsing: .unconditionalSingleValue,
            help: "The number of a line to give up; may be repeated.")
        var lines: [Int] = []

        func execute() async throws {
            show(try await server.withClient { try await $0.cancelOrder(token: token, lines: lines) }, server)
        }
    }

    struct Extend: WeirCommand {
        static let configuration = CommandConfiguration(abstract: "Gives an order's hold a later deadline.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The order's token.") var token: String
        @Option(help: "The new end of the hold, such as 2026-11-21T09:30:00Z.") var until: String

        func execute() async throws {
            show(try await server.withClient { try await $0.extendOrder(token: token, until: until) }, server)
        }
    }
}

private func checkWait(_ seconds: Int) throws {
    guard (0...30).contains(seconds) else { throw ValidationError("--wait must be from 0 to 30") }
}

private func show(_ answer: OrderAnswer, _ server: ServerOptions) {
    if server.json { return print(String(decoding: answer.body, as: UTF8.self)) }
    var text = "\(answer.token)  \(answer.status.rawValue)"
    if let reason = answer.reason { text += " (\(reason))" }
    if let holdUntil = answer.holdUntil { text += "  held until \(holdUntil)" }
    for line in answer.lines {
        text += "\n  \(line.number)  \(line.status)"
        if let reason = line.reason { text += " (\(reason))" }
        text += "  \(line.quantity.map(String.init) ?? "?") of \(line.sku)"
    }
    print(text)
}
