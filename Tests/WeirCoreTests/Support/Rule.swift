import Testing
import WeirCore

/// One row of a table of rules: what was there, what was asked, and everything that has to come of it.
struct Rule: Sendable, CustomTestStringConvertible {
    /// What the row says, as a sentence.
    let claim: String
    /// The stock before, where the SKU is defined.
    var stock: Stock?
    /// The intent before, where the token is known.
    var intent: Intent?
    /// Other intents that the batch names.
    var others: [Intent] = []
    /// The line as it was read; nil where nobody stands in it.
    var line: [Intent]?
    /// What the buyers of the SKU have a claim on.
    var buyers: [Buyer: Int64] = [:]
    /// The result that is already stored under the command's id.
    var known: StoredResult?
    let command: Command
    /// The stock row to write; nil when stock must not be touched.
    var stockAfter: Stock?
    /// The intent row to write; nil when intents must not be touched.
    var intentAfter: Intent?
    /// Rows of other intents to write.
    var othersAfter: [Intent] = []
    /// The result to store; nil for a submit and for a known id.
    var stored: CommandResult?
    /// What is told before the outcome, to nobody who asked.
    var first: [Happening] = []
    /// The outcome; nil stands for an `answered` with the result that is stored.
    var event: Happening?
    /// What is told behind the outcome, to nobody who asked.
    var then: [Happening] = []
    /// What the buyers' claims change by.
    var buyersAfter: [Buyer: Int64] = [:]

    var testDescription: String { claim }

    /// Decides the row's command alone and compares the whole decision: nothing can happen on the side.
    func check(head: Int64 = 41) {
        var snapshot = Snapshot(now: at(noon), head: head)
        if let stock { snapshot.stocks[stock.sku] = stock }
        for intent in others + (intent.map { [$0] } ?? []) { snapshot.intents[intent.token] = intent }
        if let line { snapshot.lines[shirt] = Line(line, isWhole: true) }
        for (buyer, units) in buyers { snapshot.buyerUnits[BuyerKey(shirt, buyer)] = units }
        if let known { snapshot.results[known.id] = known }
        #expect(decide([command], in: snapshot) == expected(head: head), "\(claim)")
    }

    private func expected(head: Int64) -> Decision {
        let told = first.map { (Int?.none, $0) } + [(0, happening)] + then.map { (Int?.none, $0) }
        var decision = Decision(head: head + Int64(told.count))
        if let stockAfter {
            let isOther = stock.map { $0.policy != stockAfter.policy } ?? false
            decision.stocks = [
                StockChange(versionBefore: stock?.version, after: stockAfter, changesPolicy: isOther)
            ]
        }
        let known = others + (line ?? []) + (intent.map { [$0] } ?? [])
        for after in (othersAfter + (intentAfter.map { [$0] } ?? [])).sorted(by: { $0.token < $1.token }) {
            if let before = known.first(where: { $0.token == after.token }) {
                decision.changed.append(IntentTransition(stateBefore: before.state, after: after))
            } else {
                decision.decided.append(after)
            }
        }
        if let stored {
            decision.results = [StoredResult(id: command.id!, payload: command.payload, result: stored)]
        }
        decision.buyers = buyersAfter.map { BuyerChange(BuyerKey(shirt, $0.key), by: $0.value) }
            .sorted { $0.key < $1.key }
        decision.events = told.enumerated().map { place, event in
            Event(seq: head + 1 + Int64(place), at: at(noon), cause: event.0, happening: event.1)
        }
        return decision
    }

    private var happening: Happening {
        event ?? .answered(kind: command.kind, id: command.id!.text, sku: command.sku!, result: stored!)
    }
}
