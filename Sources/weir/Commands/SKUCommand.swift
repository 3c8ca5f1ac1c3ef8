import ArgumentParser
import Foundation

struct SKUCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sku", abstract: "Defines SKUs, shows and adjusts their stock.",
        subcommands: [List.self, Show.self, Put.self, Adjust.self, Import.self])

    struct List: WeirCommand {
        static let configuration = CommandConfiguration(abstract: "Lists SKUs in order of their names.")
        @OptionGroup var server: ServerOptions
        @Option(help: "At most so many; all if nothing is said.") var limit: Int?

        func execute() async throws {
            try await server.withClient { client in
                var (cursor, left) = (String?.none, limit ?? .max)
                while left > 0 {
                    let page = try await client.skus(after: cursor, limit: min(left, 1_000))
                    for sku in page.skus { show(sku, server) }
                    left -= page.skus.count
                    cursor = page.next
                    if cursor == nil { return }
                }
            }
        }
    }

    struct Show: WeirCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the stock of one SKU.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The SKU.") var sku: String

        func execute() async throws { show(try await server.withClient { try await $0.sku(sku) }, server) }
    }

    struct Put: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Defines a SKU, or changes its policy.",
            discussion:
                "What is not said takes its default. --stocked counts on creation only; later use adjust.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The SKU.") var sku: String
        @Option(help: "The initial stock.") var stocked: Int64?
        @Option(help: "How long units are held, in seconds; 0 makes every sale final at once. Default: 900.")
        var holdSeconds: Int64?
        @Option(help: "The most units of one intent.") var maxPerIntent: Int64?

        func execute() async throws {
            let answer = try await server.withClient {
                try await $0.putSKU(
                    sku, stocked: stocked, holdSeconds: holdSeconds, maxPerIntent: maxPerIntent)
            }
            show(answer, server)
        }
    }

    struct Adjust: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds units, or takes some that are available.",
            discussion: "To take units write --delta=-5. The same --key again changes nothing.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The SKU.") var sku: String
        @Option(help: "Units to add; below zero to take.") var delta: Int64
        @Option(help: "Why.") var reason: String
        @Option(help: "Names this adjustment, so that it takes effect once; a new one if nothing is said.")
        var key: String?

        func execute() async throws {
            let key = key ?? UUID().uuidString.lowercased()
            let answer = try await server.withClient {
                try await $0.adjust(sku, delta: delta, reason: reason, key: key)
            }
            show(answer, server)
        }
    }
}

func show(_ sku: SKUAnswer, _ server: ServerOptions) {
    let stock = sku.stock
    if server.json { return printJSON { stock.write(to: &$0, partition: sku.partition) } }
    print(
        "\(stock.sku)  available \(stock.available)  held \(stock.held)  sold \(stock.sold)  stocked \(stock.stocked)"
            + "  hold \(stock.policy.holdSeconds) s"
            + (stock.policy.maxPerIntent.map { "  at most \($0) an intent" } ?? ""))
}
