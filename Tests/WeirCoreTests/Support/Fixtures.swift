import WeirCore

// Short words for the rows of the tables; every value is a valid one.

let shirt = SKU("shirt")!
let mug = SKU("mug")!
let ann = Buyer("ann")!
let bob = Buyer("bob")!
let tokenA = Token("token-a")!
let tokenB = Token("token-b")!
let tokenC = Token("token-c")!
let tokenD = Token("token-d")!

/// The clock of every table row, in seconds.
let noon: Int64 = 1_000_000

func at(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }

func id(_ text: String) -> CommandID { CommandID(text)! }

/// The counters of a stock row; `stocked` is always their sum. `also` changes its policy.
func stock(
    _ sku: SKU = shirt, available: Int64, held: Int64 = 0, sold: Int64 = 0, waiting: Int64 = 0,
    promised: Int64 = 0, version: Int64 = 7, places: Int64 = 0, hold: Int64 = 10, limit: Int64? = nil,
    also: (inout SKUPolicy) -> Void = { _ in }
) -> Stock {
    let policy = policy(hold: hold, limit: limit, also: also)
    return Stock(
        sku: sku, stocked: available + held + sold, available: available, held: held, sold: sold,
        waitlisted: waiting, backordered: promised, version: version, lastPlace: places,
        countsBuyers: policy.maxPerBuyer != nil, policy: policy)
}

func policy(
    hold: Int64 = 10, limit: Int64? = nil, also: (inout SKUPolicy) -> Void = { _ in }
) -> SKUPolicy {
    var policy = SKUPolicy(holdSeconds: hold, maxPerIntent: limit)
    also(&policy)
    return policy
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

/// An intent that stands in line, decided five seconds before noon.
func inLine(
    _ token: Token, _ state: IntentState, _ units: Int64 = 2, place: Int64, buyer: Buyer = ann
) -> Intent {
    var waiting = intent(token, shirt, units, state, buyer: buyer)
    waiting.place = place
    return waiting
}

/// The same once its turn has come, at noon.
func granted(_ waiting: Intent, until deadline: Int64? = noon + 10) -> Intent {
    var granted = waiting
    granted.state = deadline == nil ? .confirmed : .reserved
    granted.holdUntil = deadline.map(at)
    granted.grantedAt = at(noon)
    return granted
}

/// The same in another state, its hold ended.
func ended(_ intent: Intent, _ state: IntentState) -> Intent {
    var ended = intent
    ended.state = state
    ended.holdUntil = nil
    return ended
}

func submit(_ token: Token = tokenA, _ sku: SKU = shirt, _ units: Int64 = 2, by buyer: Buyer = ann) -> Command
{
    .submit(wish(token, sku, units, by: buyer))
}

func ask(
    _ token: Token = tokenA, _ units: Int64 = 2, by buyer: Buyer = ann, onShortage: ShortageRule? = nil,
    replacing older: Token? = nil
) -> Command {
    .submit(
        Submit(
            token: token, sku: shirt, quantity: Quantity(units)!, buyer: buyer, onShortage: onShortage,
            replaces: older))
}

func confirm(_ token: Token = tokenA, _ sku: SKU = shirt, id name: String = "c1") -> Command {
    .confirm(IntentChange(id: id(name), token: token, sku: sku))
}

func cancel(_ token: Token = tokenA, _ sku: SKU = shirt, id name: String = "c1") -> Command {
    .cancel(IntentChange(id: id(name), token: token, sku: sku))
}

func define(
    _ sku: SKU = shirt, stocked: Int64, hold: Int64 = 10, limit: Int64? = nil, ifVersion: VersionMatch? = nil,
    id name: String = "c1", also: (inout SKUPolicy) -> Void = { _ in }
) -> Command {
    .define(
        Definition(
            id: id(name), sku: sku, stocked: stocked, policy: policy(hold: hold, limit: limit, also: also),
            ifVersion: ifVersion))
}

func extend(_ token: Token = tokenA, _ sku: SKU = shirt, to seconds: Int64, id name: String = "c1") -> Command
{
    .extend(Extension(id: id(name), token: token, sku: sku, holdUntil: at(seconds)))
}

func giveBack(_ units: Int64, _ token: Token = tokenA, id name: String = "c1") -> Command {
    .cancel(IntentChange(id: id(name), token: token, sku: shirt, quantity: Quantity(units)!))
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
