import WeirCore

/// Compares what a replay did with the reference: with one publisher they are equal line by line; with many, all that
/// does not depend on the order must be.
struct ReplayVerification: Sendable {
    /// One thing that was checked.
    struct Check: Sendable, Hashable {
        let title: String
        var checked = 0
        var broken = 0
        var examples: [String] = []

        init(_ title: String) { self.title = title }

        /// Counts one look; `problem` says what is wrong, nil that nothing is.
        mutating func note(_ problem: String?) {
            checked += 1
            guard let problem else { return }
            broken += 1
            if examples.count < 5 { examples.append(problem) }
        }
    }

    private let demand: Demand
    private let reference: Reference
    private let isOrdered: Bool
    private var lines = Check("every line has an outcome")
    private var same = Check("every line has the reference's outcome")
    private var stock = Check("no SKU sold more than it had, and every unit given back has arrived")
    private var records = Check("units sold are the units of the confirmed lines")
    private var shelves: Check
    private var needless = Check("no line was rejected that must have fitted")
    /// Units of the lines that were told they have bought.
    private var confirmed: [String: Int64] = [:]
    /// The smallest quantity that was rejected.
    private var smallestRejected: [String: Int64] = [:]

    init(demand: Demand, reference: Reference, isOrdered: Bool) {
        self.demand = demand
        self.reference = reference
        self.isOrdered = isOrdered
        shelves = Check(
            isOrdered
                ? "every SKU has sold what the reference sold"
                : "SKUs that sell the same in any order have sold what the reference sold")
    }

    /// Whether everything is as it must be.
    var holds: Bool { checks.allSatisfy { $0.broken == 0 } }

    /// What was checked.
    var checks: [Check] {
        [lines] + (isOrdered ? [same] : []) + [stock, records, shelves, needless]
    }

    /// Looks at one line.
    mutating func look(at line: ShopLine, _ entry: ReplayBook.Entry) {
        let expected = reference.outcomes[line.number - 1]
        let outcome: Reference.Outcome? =
            switch entry {
            case .confirmed: .confirmed
            // The gate states no outcome, but it has sold nothing either.
            case .soldOut, .turnedAway: .soldOut
            case .returned: .returned
            case .notSent, .pending, .unexpected: nil
            }
        let name = "line \(line.number) (\(line.token), \(line.quantity) of \(line.sku))"
        lines.note(outcome == nil ? "\(name): \(entry)" : nil)
        if let outcome {
            same.note(outcome == expected ? nil : "\(name): \(outcome), the reference says \(expected)")
        }
        switch outcome {
        case .confirmed: confirmed[line.sku, default: 0] += line.quantity
        case .soldOut:
            smallestRejected[line.sku] = min(smallestRejected[line.sku] ?? .max, line.quantity)
        default: break
        }
    }

    /// Looks at one SKU after the last line; nil when the server does not have it.
    mutating func look(at sku: String, _ found: Stock?) {
        guard let item = demand.items[sku], let shelf = reference.shelves[sku], let found else {
            return stock.note("\(sku): the server does not know it")
        }
        let isSound =
            found.sold <= found.stocked && found.available >= 0 && found.held == 0
            && found.stocked == found.available + found.held + found.sold
            && found.stocked == item.initialStock + item.returned
        stock.note(
            isSound
                ? nil
                : "\(sku): stocked \(found.stocked), sold \(found.sold), held \(found.held), available "
                    + "\(found.available); the file stocks \(item.initialStock) + \(item.returned)")
        let bought = confirmed[sku] ?? 0
        records.note(bought == found.sold ? nil : "\(sku): \(bought) units confirmed, \(found.sold) sold")
        if isOrdered || item.sellsTheSameInAnyOrder {
            shelves.note(
                found.sold == shelf.sold
                    ? nil : "\(sku): \(found.sold) sold, the reference sold \(shelf.sold)")
        }
        // What is left at the end was there at every moment before, save what has been given back since.
        if let rejected = smallestRejected[sku] {
            needless.note(
                rejected > found.available - item.returned
                    ? nil : "\(sku): \(rejected) units rejected, \(found.available) left over")
        }
    }
}
