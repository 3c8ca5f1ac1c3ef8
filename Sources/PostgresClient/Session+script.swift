import CPostgreSQL

extension Session {
    /// Runs several statements, separated by `;`, with the simple protocol; for migrations and DDL. Without BEGIN of
    /// their own they are one transaction (manual, 55.2.2.1). COPY from or to the client is not possible.
    ///
    /// Throws the first error; a transaction that the script opened is rolled back then. The time-outs of the settings
    /// hold here too: give a long migration a session with longer ones.
    public func execute(script: String) throws(PostgresError) {
        assertOwner()
        if script.utf8.contains(0) {
            // As a C string it would end there, and half a migration would pass for a whole one.
            throw PostgresError(.other, "the script holds a NUL")
        }
        let wasIdle = connection.transactionStatus == PQTRANS_IDLE
        try connection.checkAlive()
        // The simple protocol cannot be spoken in pipeline mode (manual, 34.5.1).
        guard PQexitPipelineMode(connection.handle) == 1 else { throw connection.lost() }
        guard PQsendQuery(connection.handle, script) == 1 else { throw connection.lost() }
        try connection.flush()
        let error = try readScript(newDeadline())
        guard PQenterPipelineMode(connection.handle) == 1 else { throw connection.lost() }
        if let error {
            if wasIdle { rollBack() }
            throw error
        }
    }

    /// Reads to the end and returns the first error.
    private func readScript(_ deadline: Deadline) throws(PostgresError) -> PostgresError? {
        var first: PostgresError?
        while let rows = try connection.nextResult(deadline) {
            switch rows.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                break
            case PGRES_FATAL_ERROR:
                let error = PostgresError(rows.result)
                if PostgresError.endsSession(rows.result) || error.sqlState == nil {
                    connection.shut()
                    throw first ?? error
                }
                first = first ?? error
            default:
                throw connection.lost("a script does not take COPY from or to the client")
            }
        }
        return first
    }
}
