import WeirCore
import WeirPipeline
import WeirWire

@testable import WeirSimulation

let shoe = SKU(unchecked: "shoe")

func submit(_ token: String, _ units: Int64 = 1, sku: SKU = shoe) -> Command {
    .submit(
        Submit(
            token: Token(unchecked: token), sku: sku, quantity: Quantity(unchecked: units),
            buyer: Buyer(unchecked: "b")))
}

func confirm(_ token: String, id: String? = nil) -> Command {
    let name = CommandID(unchecked: id ?? "confirm-\(token)")
    return .confirm(IntentChange(id: name, token: Token(unchecked: token), sku: shoe))
}

func define(_ stocked: Int64, holdSeconds: Int64 = 0) -> Command {
    let policy = SKUPolicy(holdSeconds: holdSeconds)
    return .define(
        Definition(id: CommandID(unchecked: "define"), sku: shoe, stocked: stocked, policy: policy))
}

func delivery(_ command: Command) -> Delivery {
    Delivery(
        tag: 0, type: command.kind.rawValue, messageID: command.messageID, replyTo: "answers",
        correlationID: command.messageID, body: command.body)
}

func rubbish(_ body: String = "{") -> Delivery {
    Delivery(tag: 0, type: CommandKind.submit.rawValue, body: Array(body.utf8))
}

func event(_ seq: Int64, bytes: Int = 10) -> LoggedEvent {
    LoggedEvent(
        seq: seq, at: Timestamp(microseconds: seq), type: "weir.sku.defined.v1", sku: "shoe", token: nil,
        replyTo: nil, correlationID: nil, body: [UInt8](repeating: 0x20, count: bytes))
}

func events(_ range: ClosedRange<Int64>, bytes: Int = 10) -> [LoggedEvent] {
    range.map { event($0, bytes: bytes) }
}

func receipts(_ seqs: [Int64], epoch: Int, confirmed: Bool = true) -> [Receipt] {
    seqs.map { Receipt(epoch: epoch, seq: $0, confirmed: confirmed) }
}
