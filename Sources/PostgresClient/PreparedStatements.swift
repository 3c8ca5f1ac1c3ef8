import CPostgreSQL

/// What a session has prepared so far. The types of the values belong to a prepared statement, so the same statement
/// with other types is prepared once more, under another name.
struct PreparedStatements {
    /// One statement as the server knows it.
    struct Entry {
        let statement: Statement
        let types: [Oid]
        let number: Int
        let serverName: String
    }

    private var entries: [Statement: [Entry]] = [:]
    private var lastNumber = 0

    /// The entry that takes values of these types. A NULL, which has no type, goes with any.
    func entry(for statement: Statement, _ types: [Oid]) -> Entry? {
        entries[statement]?.first { entry in
            entry.types.count == types.count
                && zip(entry.types, types).allSatisfy { $0 == $1 || $1 == ServerType.unknown }
        }
    }

    /// Remembers a statement that is about to be prepared. Its name on the server is never used twice, so that one
    /// that was forgotten here and still lives there is no obstacle; the server keeps 63 bytes of a name.
    mutating func add(_ statement: Statement, _ types: [Oid]) -> Entry {
        lastNumber += 1
        let name = "\(String(decoding: statement.name.utf8.prefix(40), as: UTF8.self))/\(lastNumber)"
        let entry = Entry(statement: statement, types: types, number: lastNumber, serverName: name)
        entries[statement, default: []].append(entry)
        return entry
    }

    /// Forgets a statement that was not prepared after all, or that the server no longer accepts.
    mutating func forget(_ entry: Entry) {
        entries[entry.statement]?.removeAll { $0.number == entry.number }
    }
}
