import WeirCore

// Short words for the rows of the tables; every value is a valid one.

let shirt = SKU("shirt")!
let mug = SKU("mug")!
let ann = Buyer("ann")!
let bob = Buyer("bob")!
let tokenA = Token("token-a")!
let tokenB = Token("token-b")!

/// The clock of every table row, in seconds.
let noon: Int64 = 1_000_000

func at(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }

func id(_ text: String) -> CommandID { CommandID(text)! }

/// The counters of a stock row; `stocked` is always their sum.
func stock(
    _ sku: SKU = shirt, available: Int64, held: Int64 = 0, sold: Int64 = 0, version: Int64 = 7,
    hold: Int64 = 10, limit: Int64? = nil
) -> Stock {
    Stock(
        sku: sku, stocked: available + held + sold, available: available, held: held, sold: sold,
        version: version, policy: SKUPolicy(holdSeconds: hold, maxPerIntent: limit))
}

/// An intent decided five seconds before noon; a hold ends five seconds after noon unless said otherwise.
func intent(
    _ token: Token = tokenA, _ sku: SKU = shirt, _ units: Int64 = 2, _ state: IntentState,
    buyer: Buyer = ann, reason: RejectionReason? = nil, until deadline: Int64 = noon + 5
) -> Intent {
    Intent(
        token: token, sku: sku, quantity: Quantity(units)!, buyer: buyer, state: state,
        reason: state == .rejected ? reason ?? .soldOut : nil,
        holdUntil: state == .reserved ? at(deadline) : nil, decidedAt: at(noon - 5))
}

func intent(_ state: IntentState, reason: RejectionReason? = nil, until deadline: Int64 = noon + 5) -> Intent
{
    intent(tokenA, shirt, 2, state, reason: reason, until: deadline)
}

func wish(_ token: Token = tokenA, _ sku: SKU = shirt, _ units: Int64 = 2, by buyer: Buyer = ann) -> Submit {
    Submit(token: token, sku: sku, quantity: Quantity(units)!, buyer: buyer)
}

func submit(_ token: Token = tokenA, _ sku: SKU = shirt, _ units: Int64 = 2, by buyer: Buyer = ann) -> Command
{
    .submit(wish(token, sku, units, by: buyer))
}

func confirm(_ token: Token = tokenA, _ sku: SKU = shirt, id name: String = "c1") -> Command {
    .confirm(IntentChange(id: id(name), token: token, sku: sku))
}

func cancel(_ token: Token = tokenA, _ sku: SKU = shirt, id name: String = "c1") -> Command {
    .cancel(IntentChange(id: id(name), token: token, sku: sku))
}

func define(
    _ sku: SKU = shirt, stocked: Int64, hold: Int64 = 10, limit: Int64? = nil, id name: String = "c1"
) -> Command {
    .define(
        Definition(
            id: id(name), sku: sku, stocked: stocked,
            policy: SKUPolicy(holdSeconds: hold, maxPerIntent: limit)))
}

func adjust(_ sku: SKU = shirt, by delta: Int64, reason: String = "count", id name: String = "c1") -> Command
{
    .adjust(Adjustment(id: id(name), sku: sku, delta: delta, reason: reason))
}

func refused(_ refusal: Refusal, _ subject: Subject = .nothing) -> CommandResult {
    CommandResult(.refused(refusal), subject)
}

func done(_ subject: Subject) -> CommandResult { CommandResult(.done, subject) }

func unchanged(_ subject: Subject) -> CommandResult { CommandResult(.unchanged, subject) }
