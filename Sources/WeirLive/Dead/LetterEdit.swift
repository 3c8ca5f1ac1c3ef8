import WeirCore
import WeirWire

/// What somebody wants to change about a letter. The token cannot change: it names the intent for ever.
public struct LetterEdit: Sendable {
    /// Another body.
    public var body: [UInt8]?
    /// Members of the body to set, in this order; nil takes one out.
    public var members: [(name: String, value: JSONValue?)] = []
    /// Another type.
    public var type: String?

    /// No change.
    public init() {}

    /// Fields whose value is text, also where it looks like a number.
    private static let texts: Set<String> = ["token", "sku", "buyer", "reason", "on_shortage"]

    /// Reads `quantity=2`, as people type it: a number, true, false, null or JSON where that fits, otherwise text.
    public mutating func set(_ assignment: String) throws(DeadLetterError) {
        guard let equals = assignment.firstIndex(of: "="), equals != assignment.startIndex else {
            throw DeadLetterError(
                .invalid, "'\(printable(assignment))' sets nothing; write NAME=VALUE, as in quantity=2")
        }
        let name = String(assignment[..<equals])
        let text = String(assignment[assignment.index(after: equals)...])
        if !Self.texts.contains(name), let fields = try? JSONFields(#"{"v":\#(text)}"#.utf8),
            let value = fields.pairs.first?.value, fields.pairs.count == 1
        {
            members.append((name, value == .null ? nil : value))
        } else {
            members.append((name, .text(text)))
        }
    }

    /// The letter as it would read afterwards; throws when a worker would refuse it, or when the token would change.
    func applied(
        to letter: DeadLetterView
    ) throws(DeadLetterError) -> (type: String?, body: [UInt8], command: Command) {
        var body = body ?? letter.body ?? []
        if !members.isEmpty {
            guard var fields = try? JSONFields(body) else {
                throw DeadLetterError(
                    .invalid,
                    "the body is no JSON object, so that no member of it can be set; give a whole body instead"
                )
            }
            for (name, value) in members { fields = fields.setting(name, to: value) }
            body = fields.json
        }
        let type = type ?? letter.type
        guard body != letter.body || type != letter.type else {
            throw DeadLetterError(.invalid, "nothing would change")
        }
        let command: Command
        do throws(WireRefusal) {
            command = try letter.with(type: type, body: body).command()
        } catch {
            throw DeadLetterError(
                .invalid, "it would still be refused: \(error.detail)",
                error.flaws.map { flaw(in: $0.field, $0.detail) })
        }
        if let token = letter.token, command.token?.text != token {
            let problem =
                "the token cannot change, it names the intent for ever: it is '\(token)', not"
                + " '\(command.token?.text ?? "none")'"
            throw DeadLetterError(.invalid, problem, [flaw(in: "token", problem)])
        }
        return (type, body, command)
    }

    /// What is wrong with a field of the message, said of the member of this edit that made it so or could mend it.
    private func flaw(in field: String, _ detail: String) -> FieldFlaw {
        let own = FieldFlaw(field: field, detail: detail).pointer
        let isSet = body == nil || members.contains { $0.name == field }
        let pointer = field == "type" ? "/type" : isSet ? "/set" + own : "/body"
        return FieldFlaw(field: field, detail: detail, pointer: pointer)
    }
}
