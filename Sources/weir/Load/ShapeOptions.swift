import ArgumentParser
import Foundation
import WeirCore

/// What the intents of a load look like.
struct ShapeOptions: ParsableArguments {
    @Option(help: "All intents ask for this SKU.")
    var sku: String?
    @Option(parsing: .unconditional, help: "Intents ask for so many SKUs, load-0001 and so on.")
    var skus: Int?
    @Option(
        parsing: .unconditional,
        help: "How uneven they are asked for: Zipf's exponent; 0 is even, 1 is a shop.")
    var zipf: Double = 0
    @Option(parsing: .unconditional, help: "Units per intent.")
    var quantity: Int64 = 1
    @Option(parsing: .unconditional, help: "So many different buyers.")
    var buyers = 10_000
    @Option(
        parsing: .unconditional,
        help: "So many out of a hundred requests repeat an earlier one, token and all.")
    var duplicates: Double = 0
    @Option(parsing: .unconditional, help: "Define the SKUs first, with so many units each.")
    var define: Int64?
    @Option(parsing: .unconditional, help: "With --define: how long a hold lasts; 0 sells at once.")
    var holdSeconds: Int64 = 0
    @Option(help: "What every token begins with. [default: a new one for each run]")
    var prefix: String?
    @Option(parsing: .unconditional, help: "What the random choices follow from.")
    var seed: UInt64 = 1

    func validate() throws {
        if sku != nil && skus != nil { throw ValidationError("give either --sku or --skus") }
        if let sku, SKU(sku) == nil { throw ValidationError("--sku must have \(SKU.form)") }
        if let skus, !(1...100_000).contains(skus) {
            throw ValidationError("--skus must be from 1 to 100000")
        }
        if !(0...10).contains(zipf) { throw ValidationError("--zipf must be from 0 to 10") }
        if Quantity(quantity) == nil { throw ValidationError("--quantity must be from 1 to 2147483647") }
        if !(1...1_000_000_000).contains(buyers) { throw ValidationError("--buyers must be at least 1") }
        if !(0...90).contains(duplicates) {
            throw ValidationError("--duplicates must be from 0 to 90 per cent")
        }
        if let define, !StockLimit.stocked.contains(define) {
            throw ValidationError("--define must be from 0 to \(StockLimit.stocked.upperBound)")
        }
        if !SKUPolicy.holdSecondsRange.contains(holdSeconds) {
            throw ValidationError(
                "--hold-seconds must be from \(SKUPolicy.holdSecondsRange.lowerBound)"
                    + " to \(SKUPolicy.holdSecondsRange.upperBound)")
        }
        if let prefix, Token(prefix) == nil || prefix.utf8.count > 100 {
            throw ValidationError("--prefix must begin a token: \(Token.form); at most 100 of them")
        }
    }

    /// The SKUs that are asked for.
    var names: [String] { sku.map { [$0] } ?? WishList.names(count: skus ?? 1) }

    /// The wishes for these SKUs.
    func wishes(of skus: [String]) -> WishList {
        WishList(
            prefix: prefix ?? "load-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))", skus: skus,
            zipfExponent: zipf, quantity: quantity, buyers: buyers, duplicatesPercent: duplicates, seed: seed)
    }
}
