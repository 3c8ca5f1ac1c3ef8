import WeirCore
import WeirPipeline

// What the rows say about promise 1: stock, lines and buyers.

extension Simulation {
    /// Each counter of a SKU is the sum of the intents in its state.
    func checkStock() -> [String] {
        database.stocks.values.sorted { $0.sku < $1.sku }.flatMap { stock in
            var sums: [IntentState: Int64] = [:]
            for intent in database.intents.values where intent.sku == stock.sku {
                sums[intent.state, default: 0] += intent.units
            }
            var found: [String] = []
            if !stock.isBalanced { found.append("promise 1: \(stock.sku) is out of balance") }
            let counters: [(IntentState, Int64)] = [
                (.reserved, stock.held), (.confirmed, stock.sold), (.waitlisted, stock.waitlisted),
                (.backordered, stock.backordered),
            ]
            for (state, count) in counters where count != sums[state] ?? 0 {
                found.append(
                    "promise 1: \(stock.sku) counts \(count) \(state.rawValue), its intents \(sums[state] ?? 0)"
                )
            }
            return found
        }
    }

    /// When all is done, nobody stands in line for units that he could have.
    func checkLines() -> [String] {
        database.stocks.values.sorted { $0.sku < $1.sku }.compactMap { stock in
            guard let first = database.line(of: stock.sku).first, first.units <= stock.grantable else {
                return nil
            }
            return "promise 2: \(first.token) still stands in line for \(first.units) of \(stock.sku),"
                + " of which \(stock.grantable) are free"
        }
    }

    /// Totals are the sums of the intents, and no buyer has more than the policy permits.
    func checkBuyers() -> [String] {
        var sums: [BuyerKey: Int64] = [:]
        for intent in database.intents.values where intent.state.counts {
            guard database.stocks[intent.sku]?.countsBuyers == true else { continue }
            sums[BuyerKey(intent.sku, intent.buyer), default: 0] += intent.units
        }
        var found: [String] = []
        for key in Set(sums.keys).union(database.buyerTotals.keys).sorted() {
            let (sum, total) = (sums[key] ?? 0, database.buyerTotals[key] ?? 0)
            if sum != total {
                found.append("promise 1: \(key.buyer) has \(sum) of \(key.sku), his total says \(total)")
            }
            if key.sku == clients.limitedSKU, sum > SimulatedClients.mostPerBuyer {
                found.append("promise 1: \(key.buyer) has \(sum) of \(key.sku), more than one buyer may have")
            }
        }
        return found
    }
}

extension SimulatedDatabase {
    /// Who stands in line for a SKU, in the order of their turn.
    func line(of sku: SKU) -> [Intent] {
        ([.backordered, .waitlisted] as [IntentState]).flatMap { state in
            intents.values.filter { $0.sku == sku && $0.state == state }
                .sorted { ($0.place ?? 0) < ($1.place ?? 0) }
        }
    }
}
