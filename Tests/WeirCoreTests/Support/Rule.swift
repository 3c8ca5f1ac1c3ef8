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
    /// The result that is already stored under the command's id.
    var known: StoredResult?
    let command: Command
    /// The stock row to write; nil when stock must not be touched.
    var stockAfter: Stock?
    /// The intent row to write; nil when intents must not be touched.
    var intentAfter: Intent?
    /// The result to store; nil for a submit and for a known id.
    var stored: CommandResult?
    /// The one event; nil stands for an `answered` with the result that is stored.
    var event: Happening?

    var testDescription: String { claim }

    /// Decides the row's command alone and compares the whole decision: nothing can happen on the side.
    func check(head: Int64 = 41) {
        var snapshot = Snapshot(now: at(noon), head: head)
        if let stock { snapshot.stocks[stock.sku] = stock }
        if let intent { snapshot.intents[intent.token] = intent }
        if let known { snapshot.results[known.id] = known }
        #expect(decide([command], in: snapshot) == expected(head: head + 1), "\(claim)")
    }

    private func expected(head: Int64) -> Decision {
        var decision = Decision(head: head)
        if let stockAfter {
            decision.stocks = [StockChange(versionBefore: stock?.version, after: stockAfter)]
        }
        if let intentAfter {
            if let intent {
                decision.changed = [IntentTransition(stateBefore: intent.state, after: intentAfter)]
            } else {
                decision.decided = [intentAfter]
            }
        }
        if let stored {
            decision.results = [StoredResult(id: command.id!, payload: command.payload, result: stored)]
        }
        decision.events = [Event(seq: head, at: at(noon), cause: 0, happening: happening)]
        return decision
    }

    private var happening: Happening {
        event ?? .answered(kind: command.kind, id: command.id!.text, sku: command.sku!, result: stored!)
    }
}
