import CPostgreSQL

extension Session {
    private static let begin = Query(Statement(name: "BEGIN", sql: "BEGIN"))
    private static let commit = Query(Statement(name: "COMMIT", sql: "COMMIT"))

    /// Runs queries between BEGIN and COMMIT, in one round trip, and returns the rows of each query once COMMIT has
    /// been answered by `COMMIT`. The queries must not end the transaction themselves.
    ///
    /// Throws the first error, after the transaction has been rolled back; then nothing took effect. Only
    /// `commitUncertain` leaves that open: the session was lost, or the time was over, between the moment when COMMIT
    /// may have been sent and its answer. When COMMIT was answered and the session lost right after, the rows are
    /// returned and the session is broken.
    ///
    /// - Parameter meanwhile: called once everything is sent, while the server works on it; it must not use this
    ///   session, nor take long. Not called when the session is lost before.
    public func transaction(
        _ queries: [Query], meanwhile: () -> Void = {}
    ) throws(PostgresError) -> [Rows] {
        assertOwner()
        if ![PQTRANS_IDLE, PQTRANS_UNKNOWN].contains(connection.transactionStatus) {
            throw PostgresError(.other, "a transaction is open already")
        }
        var commands = [Command(Self.begin, index: nil)]
        commands += queries.indices.map { Command(queries[$0], index: $0) }
        commands.append(Command(Self.commit, index: nil))
        let answers = exchange(commands, newDeadline(), meanwhile: meanwhile)
        if let error = answers.error {
            rollBack()
            throw error
        }
        if let loss = answers.loss, answers.rows.count < commands.count {
            throw verdict(on: loss, answers, commands.count)
        }
        // A COMMIT of a failed transaction succeeds, with the tag ROLLBACK (manual, COMMIT, Outputs).
        let tag = answers.rows.last?.tag ?? ""
        if tag != "COMMIT" {
            rollBack()
            throw PostgresError(.other, "COMMIT was answered by \(tag): nothing was committed")
        }
        return Array(answers.rows[1..<(commands.count - 1)])
    }

    /// Whether a lost session may have committed: not if COMMIT was never handed over, nor if the server said itself
    /// that it stopped before it came to COMMIT. The kernel and libpq do not tell how much was really sent, so what
    /// was handed over counts as sent.
    private func verdict(on loss: PostgresError, _ answers: Answers, _ commandCount: Int) -> PostgresError {
        let cameToCommit = answers.rows.count == commandCount - 1
        if answers.sentCount < commandCount || (answers.wasEndedByServer && !cameToCommit) { return loss }
        return loss.turned(into: .commitUncertain, "the answer to COMMIT was lost: \(loss.message)")
    }

    /// Leaves a failed transaction, so that the session can be used again; a session that cannot even do that is ended.
    func rollBack() {
        if isBroken || connection.transactionStatus == PQTRANS_IDLE { return }
        let answers = exchange([Command("ROLLBACK")], newDeadline())
        if answers.error != nil || connection.transactionStatus != PQTRANS_IDLE { connection.shut() }
    }
}
