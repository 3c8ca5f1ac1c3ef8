extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// One sentence without a value of the data.
    public var description: String {
        var text = kind == .data ? Self.withoutQuotations(message) : message
        var notes: [String] = []
        if let sqlState { notes.append("SQLSTATE \(sqlState)") }
        if let statement { notes.append("statement \(statement)") }
        if let queryIndex { notes.append("query \(queryIndex)") }
        if !notes.isEmpty { text += " (\(notes.joined(separator: ", ")))" }
        return text
    }

    /// Everything that is known, one thing a line. May hold values of the data.
    public var debugDescription: String {
        let position: String? = position.map { String($0) }
        let queryIndex: String? = queryIndex.map { String($0) }
        let fields: [(String, String?)] = [
            ("kind", "\(kind)"), ("SQLSTATE", sqlState), ("message", message), ("detail", detail),
            ("hint", hint), ("context", context), ("position", position), ("constraint", constraint),
            ("table", table), ("statement", statement), ("query", queryIndex),
        ]
        let lines = fields.compactMap { name, value in value.map { "\(name): \($0)" } }
        return "PostgresError\n" + lines.joined(separator: "\n")
    }

    /// Class 22 quotes the offending value in the primary message (`invalid input syntax for type integer: "x"`), and
    /// the value may hold quotation marks itself: from the first to the last everything is withheld.
    static func withoutQuotations(_ text: String) -> String {
        guard let first = text.firstIndex(of: "\""), let last = text.lastIndex(of: "\"") else { return text }
        return "\(text[..<first])\"…\"\(text[text.index(after: last)...])"
    }
}
