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
                if let rule = submit.onShortage { json.member("on_shortage", rule.rawValue) }
                if let replaces = submit.replaces { json.member("replaces", replaces.text) }
            case .confirm(let change):
                json.member("token", change.token.text)
                json.member("sku", change.sku.text)
            case .cancel(let change):
                json.member("token", change.token.text)
                json.member("sku", change.sku.text)
                if let quantity = change.quantity { json.member("quantity", quantity.units) }
            case .extend(let wish):
                json.member("token", wish.token.text)
                json.member("sku", wish.sku.text)
                json.member("hold_until", wish.holdUntil.rfc3339)
            case .define(let definition):
                json.member("sku", definition.sku.text)
                json.member("stocked", definition.stocked)
                definition.policy.write(to: &json)
                switch definition.ifVersion {
                case .exactly(let version): json.member("if_version", version)
                case .any: json.member("if_version", "any")
                case nil: break
                }
            case .adjust(let adjustment):
                json.member("sku", adjustment.sku.text)
                json.member("delta", adjustment.delta)
                json.member("reason", adjustment.reason)
            case .order(let command): command.write(to: &json)
            }
        }
    }

    /// The AMQP property `message_id`: the command's id, or the token where that serves.
    public var messageID: String { (id?.text ?? token?.text ?? order?.text) ?? "" }
}
