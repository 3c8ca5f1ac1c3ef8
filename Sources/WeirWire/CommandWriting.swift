import WeirCore

extension Command {
    /// The body of the message that carries this command; ``read(type:messageID:contentType:body:)`` reads it.
    public var body: [UInt8] {
        JSONWriter.object { json in
            switch self {
            case .submit(let submit), .discard(let submit):
                json.member("token", submit.token.text)
                json.member("sku", submit.sku.text)
                json.member("quantity", submit.quantity.units)
                json.member("buyer", submit.buyer.text)
                if submit.onShortage != .reject { json.member("on_shortage", submit.onShortage.rawValue) }
            case .confirm(let change), .cancel(let change):
                json.member("token", change.token.text)
                json.member("sku", change.sku.text)
            case .define(let definition):
                json.member("sku", definition.sku.text)
                json.member("stocked", definition.stocked)
                json.member("hold_seconds", definition.policy.holdSeconds)
                if let limit = definition.policy.maxPerIntent { json.member("max_per_intent", limit) }
            case .adjust(let adjustment):
                json.member("sku", adjustment.sku.text)
                json.member("delta", adjustment.delta)
                json.member("reason", adjustment.reason)
            }
        }
    }

    /// The AMQP property `message_id`: the command's id, or the token where that serves.
    public var messageID: String { (id?.text ?? token?.text) ?? "" }
}
