import ArgumentParser
import Foundation
import WeirCore
import WeirWire

struct SKUCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sku", abstract: "Defines SKUs, shows and adjusts their stock.",
        subcommands: [List.self, Show.self, Put.self, Adjust.self, Import.self])

    struct List: WeirCommand {
        static let configuration = CommandConfiguration(abstract: "Lists SKUs in order of their names.")
        @OptionGroup var server: ServerOptions
        @Option(parsing: .unconditional, help: "At most so many; all if nothing is said.") var limit: Int?

        func validate() throws {
            guard limit.map({ $0 >= 1 }) ?? true else { throw ValidationError("--limit must be at least 1") }
        }

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

    struct Adjust: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds units, or takes some that are available.",
            discussion: "To take units write --delta -5. The same --key again changes nothing.")
        @OptionGroup var server: ServerOptions
        @Argument(help: "The SKU.") var sku: String
        @Option(parsing: .unconditional, help: "Units to add; below zero to take.") var delta: Int64
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
    var line = "\(stock.sku)  available \(stock.available)  held \(stock.held)  sold \(stock.sold)"
    line += "  stocked \(stock.stocked)"
    if stock.waitlisted > 0 { line += "  waitlisted \(stock.waitlisted)" }
    if stock.backordered > 0 { line += "  backordered \(stock.backordered)" }
    line += "  version \(stock.version)  \(stock.policy.summary)"
    print(line)
}

extension SKUPolicy {
    /// What it says, in a few words each.
    fileprivate var summary: String {
        var words = ["hold \(holdSeconds) s"]
        if let maxHoldSeconds { words.append("extended up to \(maxHoldSeconds) s") }
        if let maxPerIntent { words.append("at most \(maxPerIntent) an intent") }
        if let maxPerBuyer { words.append("at most \(maxPerBuyer) a buyer") }
        if safetyStock > 0 { words.append("\(safetyStock) never offered") }
        if let lowStockAt { words.append("low at \(lowStockAt)") }
        if let onSaleFrom { words.append("on sale from \(onSaleFrom.rfc3339)") }
        if let onSaleUntil { words.append("on sale until \(onSaleUntil.rfc3339)") }
        switch onShortage {
        case .reject: break
        case .waitlist: words.append("waitlist" + (waitlistLimit.map { " of \($0)" } ?? ""))
        case .backorder: words.append("backorder" + (backorderLimit.map { " of \($0)" } ?? ""))
        }
        if let availableFrom { words.append("expected \(availableFrom.rfc3339)") }
        return words.joined(separator: "  ")
    }
}
