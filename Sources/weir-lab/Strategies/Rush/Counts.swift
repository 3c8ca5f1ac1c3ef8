/// What one SKU's books say after a rush.
struct SKUBooks: Equatable {
    let sku: String
    /// What was put in.
    let stocked: Int
    /// What can still be sold, by the strategy's own account.
    let available: Int
    /// What the orders say was sold.
    let sold: Int
}

/// What went wrong in a rush. All five are 0 for a strategy that keeps its promises.
struct Counts: Equatable {
    /// Units sold that never existed.
    var oversold = 0
    /// Units taken out of the stock that no order accounts for.
    var lost = 0
    /// Units sold that were not taken out of the stock.
    var withoutStock = 0
    /// Tokens with two orders, or that were told two things, or something else than what is on record.
    var twice = 0
    /// Tokens that were told an outcome of which there is no record.
    var unkept = 0

    init() {}

    /// Counts from the books, the decisions on record (a token and its verdict, as often as they stand there), and
    /// what clients were told.
    init(
        books: [SKUBooks], record: [(token: String, verdict: Verdict)], told: [String: Set<Verdict>]
    ) {
        for book in books {
            let deducted = book.stocked - book.available
            oversold += max(0, book.sold - book.stocked)
            lost += max(0, deducted - book.sold)
            withoutStock += max(0, book.sold - deducted)
        }
        var verdicts: [String: [Verdict]] = [:]
        for entry in record { verdicts[entry.token, default: []].append(entry.verdict) }
        for token in Set(verdicts.keys).union(told.keys) {
            let (stored, heard) = (verdicts[token] ?? [], told[token] ?? [])
            if stored.isEmpty { unkept += 1 }
            if stored.count > 1 || heard.union(stored).count > 1 { twice += 1 }
        }
    }

    /// In the order of the table.
    var all: [Int] { [oversold, lost, withoutStock, twice, unkept] }

    static func + (left: Counts, right: Counts) -> Counts {
        var sum = left
        sum.oversold += right.oversold
        sum.lost += right.lost
        sum.withoutStock += right.withoutStock
        sum.twice += right.twice
        sum.unkept += right.unkept
        return sum
    }
}
