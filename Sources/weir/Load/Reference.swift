/// What the lines of a shop's file add up to, SKU by SKU, before anybody sells.
struct Demand: Sendable, Hashable {
    /// One SKU's numbers.
    struct Item: Sendable, Hashable {
        /// Units wished for in all.
        var wished: Int64 = 0
        /// Units given back in all.
        var returned: Int64 = 0
        /// The quantities of the wishes: nil before the first, 0 when they differ.
        private(set) var commonQuantity: Int64?

        /// Four fifths of what is wished for, rounded down, so that many run short.
        var initialStock: Int64 { wished / 5 * 4 + wished % 5 * 4 / 5 }

        /// Whether every order of the lines sells the same: nothing comes back, and all wishes are alike.
        var sellsTheSameInAnyOrder: Bool { returned == 0 && commonQuantity != 0 }

        mutating func add(_ quantity: Int64) {
            guard quantity > 0 else {
                returned -= quantity
                return
            }
            wished += quantity
            commonQuantity = commonQuantity == nil || commonQuantity == quantity ? quantity : 0
        }
    }

    /// The SKUs, also those that only come back.
    private(set) var items: [String: Item] = [:]
    /// How many lines there are.
    private(set) var lines = 0

    /// Takes one line in.
    mutating func add(_ line: ShopLine) {
        lines += 1
        items[line.sku, default: Item()].add(line.quantity)
    }
}

/// The shop as one till would run it: line after line in file order, each decided at once and for ever. What Weir
/// decides with one publisher must be the same; this is written without any of Weir's code.
struct Reference: Sendable, Hashable {
    /// What becomes of a line.
    enum Outcome: UInt8, Sendable, Hashable {
        case confirmed, soldOut, returned
    }

    /// One SKU's numbers after the last line.
    struct Shelf: Sendable, Hashable {
        var stocked: Int64
        var sold: Int64 = 0
        var available: Int64 { stocked - sold }
    }

    /// The outcome of every line, in file order.
    private(set) var outcomes: [Outcome] = []
    private(set) var shelves: [String: Shelf]

    /// A shop before its first line.
    init(stocking demand: Demand) {
        shelves = demand.items.mapValues { Shelf(stocked: $0.initialStock) }
    }

    /// Decides the next line. A SKU that nobody stocked has nothing.
    mutating func decide(_ line: ShopLine) {
        var shelf = shelves[line.sku] ?? Shelf(stocked: 0)
        if line.isReturn {
            shelf.stocked -= line.quantity
            outcomes.append(.returned)
        } else if shelf.available >= line.quantity {
            shelf.sold += line.quantity
            outcomes.append(.confirmed)
        } else {
            outcomes.append(.soldOut)
        }
        shelves[line.sku] = shelf
    }

    /// The reference for all the lines of a file.
    init(of lines: some Sequence<ShopLine>) {
        var demand = Demand()
        for line in lines { demand.add(line) }
        self.init(stocking: demand)
        for line in lines { decide(line) }
    }
}
