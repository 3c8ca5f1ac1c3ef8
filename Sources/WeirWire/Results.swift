import WeirCore

extension CommandResult {
    /// Writes the members of a command's result: what became of it, and what it was about.
    public func write(to json: inout JSONWriter, partition: Int?) {
        switch verdict {
        case .done: json.member("result", "done")
        case .unchanged: json.member("result", "unchanged")
        case .refused(let refusal):
            json.member("result", "refused")
            json.member("reason", refusal.rawValue)
        }
        if isReplayed { json.member("replayed", true) }
        switch subject {
        case .intent(let intent): json.member("intent") { intent.write(to: &$0) }
        case .stock(let stock): json.member("stock") { stock.write(to: &$0, partition: partition) }
        case .order(let order): json.member("order") { order.write(to: &$0) }
        case .nothing: break
        }
    }

    /// Reads a result that ``write(to:partition:)`` wrote.
    public init(from fields: inout JSONFields) throws(WireRefusal) {
        let verdict: Verdict
        switch try fields.text("result") {
        case "done": verdict = .done
        case "unchanged": verdict = .unchanged
        case "refused":
            guard let refusal = Refusal(rawValue: try fields.text("reason")) else {
                throw fields.invalid("reason", "must be one of \(listed(Refusal.self))")
            }
            verdict = .refused(refusal)
        default: throw fields.invalid("result", "must be done, unchanged or refused")
        }
        let isReplayed = fields.take("replayed") == .flag(true)
        let result: CommandResult
        if var order = try fields.object("order") {
            result = CommandResult(verdict, .order(try Order(from: &order)))
        } else if var intent = try fields.object("intent") {
            result = CommandResult(verdict, .intent(try Intent(from: &intent)))
        } else if var stock = try fields.object("stock") {
            result = CommandResult(verdict, .stock(try Stock(from: &stock)))
        } else {
            result = CommandResult(verdict, .nothing)
        }
        self = isReplayed ? result.replayed() : result
    }

    /// The result as a stored text.
    public var stored: String {
        String(decoding: JSONWriter.object { write(to: &$0, partition: nil) }, as: UTF8.self)
    }

    /// Reads a stored text back.
    public init(stored text: String) throws(WireRefusal) {
        var fields = try JSONFields(text.utf8)
        try self.init(from: &fields)
    }
}
