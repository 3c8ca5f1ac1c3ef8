import CPostgreSQL

extension Session {
    /// Runs one query and hands its rows over in batches of at most `batch` (at least 1), so that memory stays bounded
    /// however many there are. All batches are of one snapshot: inside the caller's transaction if one is open,
    /// otherwise in a transaction of its own. No batch is empty. The query is a SELECT or VALUES (manual, DECLARE).
    ///
    /// The closure may use this session in between. It must not take longer than `idleInTransactionTimeoutSeconds`
    /// without doing so, or the server ends the session. Throws what the closure throws, or a `PostgresError`; in a
    /// transaction of the caller's, ROLLBACK is the caller's business then.
    public func stream(_ query: Query, batch: Int, _ body: (Rows) throws -> Void) throws {
        assertOwner()
        let isOwn = connection.transactionStatus == PQTRANS_IDLE
        cursorCount += 1
        let cursor = "stream_\(cursorCount)"
        do {
            try readCursor(cursor, query, batch: min(max(batch, 1), Int(Int32.max)), isOwn: isOwn, body)
        } catch {
            if isOwn {
                rollBack()
            } else if connection.transactionStatus == PQTRANS_INTRANS {
                // The caller's transaction goes on, so the cursor must not stay open in it.
                _ = exchange([Command("CLOSE \(cursor)")], newDeadline())
            }
            throw error
        }
    }

    private func readCursor(
        _ cursor: String, _ query: Query, batch: Int, isOwn: Bool, _ body: (Rows) throws -> Void
    ) throws {
        let declaration = Statement(
            name: query.statement.name, sql: "DECLARE \(cursor) NO SCROLL CURSOR FOR \(query.statement.sql)")
        var declare = Command(Query(declaration, query.binds), index: 0)
        declare.isPrepared = false
        let fetch = Command("FETCH \(batch) FROM \(cursor)")
        let opening = (isOwn ? [Command("BEGIN")] : []) + [declare, fetch]
        var rows = try exchange(opening, newDeadline()).get().last
        while let current = rows, current.count > 0 {
            try body(current)
            if current.count < batch { break }
            rows = try exchange([fetch], newDeadline()).get().last
        }
        let closing = [Command("CLOSE \(cursor)")] + (isOwn ? [Command("COMMIT")] : [])
        _ = try exchange(closing, newDeadline()).get()
    }
}
