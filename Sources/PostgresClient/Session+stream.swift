import CPostgreSQL

extension Session {
    /// Runs one query and hands its rows over in batches of at most `batch` (at least 1), so that memory stays bounded
    /// however many there are. All batches are of one snapshot: inside the caller's transaction if one is open,
    /// otherwise in a transaction of its own. No batch is empty. The query is a SELECT or VALUES (manual, DECLARE).
    ///
    /// The closure may use this session in between, unless the next batch is fetched `ahead`: then the server already
    /// works on it while the closure has this one. It must not take longer than `idleInTransactionTimeoutSeconds`
    /// without using the session, or the server ends it. Throws what the closure throws, or a `PostgresError`; in a
    /// transaction of the caller's, ROLLBACK is the caller's business then.
    public func stream(
        _ query: Query, batch: Int, ahead: Bool = false, _ body: (Rows) throws -> Void
    ) throws {
        assertOwner()
        let isOwn = connection.transactionStatus == PQTRANS_IDLE
        cursorCount += 1
        let cursor = "stream_\(cursorCount)"
        do {
            try readCursor(
                cursor, query, batch: min(max(batch, 1), Int(Int32.max)), isOwn: isOwn, ahead: ahead, body)
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
        _ cursor: String, _ query: Query, batch: Int, isOwn: Bool, ahead: Bool,
        _ body: (Rows) throws -> Void
    ) throws {
        let declaration = Statement(
            name: query.statement.name, sql: "DECLARE \(cursor) NO SCROLL CURSOR FOR \(query.statement.sql)")
        var declare = Command(Query(declaration, query.binds), index: 0)
        declare.isPrepared = false
        let fetch = Command("FETCH \(batch) FROM \(cursor)")
        let opening = (isOwn ? [Command("BEGIN")] : []) + [declare, fetch]
        var rows = try exchange(opening, newDeadline()).get().last
        while let current = rows, current.count > 0 {
            let isLast = current.count < batch
            guard ahead, !isLast else {
                try body(current)
                if isLast { break }
                rows = try exchange([fetch], newDeadline()).get().last
                continue
            }
            var failure: (any Error)?
            let answers = exchange([fetch], newDeadline()) {
                do { try body(current) } catch { failure = error }
            }
            // What the closure threw came first; the answer to the fetch has been read.
            if let failure { throw failure }
            rows = try answers.get().last
        }
        let closing = [Command("CLOSE \(cursor)")] + (isOwn ? [Command("COMMIT")] : [])
        _ = try exchange(closing, newDeadline()).get()
    }
}
