import CPostgreSQL

/// One command of a pipeline.
struct Command {
    let query: Query
    /// Which of the caller's queries it is; nil for our own.
    let index: Int?
    /// Whether it is prepared under a name, or parsed for this once.
    var isPrepared = true

    init(_ query: Query, index: Int?) {
        self.query = query
        self.index = index
    }

    /// A command of our own, parsed for this once.
    init(_ sql: String) {
        self.init(Query(Statement(name: sql, sql: sql)), index: nil)
        isPrepared = false
    }
}

/// How a pipeline went.
struct Answers {
    /// The answers up to the first error.
    var rows: [Rows] = []
    /// The first error that the server reported and that leaves the session alive.
    var error: PostgresError?
    /// Why the session was lost.
    var loss: PostgresError?
    /// How many commands may have reached the server, at least in part.
    var sentCount = 0
    /// Whether the server itself reported the end, so that nothing after the answered commands was done.
    var wasEndedByServer = false

    /// The rows, when everything went well. An error of the server comes first, for it came first.
    func get() throws(PostgresError) -> [Rows] {
        if let error { throw error }
        if let loss { throw loss }
        return rows
    }
}

extension Session {
    /// What the next answer is the answer to.
    private enum Expected {
        case preparation(PreparedStatements.Entry, Command)
        case execution(PreparedStatements.Entry?, Command)
    }

    /// PostgreSQL refuses messages of a gigabyte by closing the connection.
    private static let messageLimitBytes = (1 << 30) - (1 << 20)

    /// Sends commands with one sync, and reads everything up to that sync whatever happens: a result that is left
    /// behind would be taken for the answer to the next call.
    func exchange(_ commands: [Command], _ deadline: Deadline, meanwhile: () -> Void = {}) -> Answers {
        var answers = Answers()
        do throws(PostgresError) {
            try connection.checkAlive()
            var expected: [Expected] = []
            expected.reserveCapacity(commands.count)
            for command in commands {
                try send(command, &expected, &answers)
            }
            if PQpipelineSync(connection.handle) != 1 { throw connection.lost() }
            try connection.flush()
            meanwhile()
            for one in expected {
                try read(one, deadline, &answers)
            }
            guard let sync = try connection.nextResult(deadline), sync.status == PGRES_PIPELINE_SYNC else {
                throw connection.lost()
            }
        } catch {
            answers.loss = error
        }
        return answers
    }

    private func send(
        _ command: Command, _ expected: inout [Expected], _ answers: inout Answers
    ) throws(PostgresError) {
        let statement = command.query.statement
        let count = Int32(clamping: command.query.binds.count)
        buffer.encode(command.query.binds)
        if buffer.byteCount > Self.messageLimitBytes || count > 65_535 {
            // Earlier commands of the pipeline may be on their way; without a sync they come to nothing.
            connection.shut()
            var error = PostgresError(.data, "a query's values are more than one message of PostgreSQL holds")
            error.statement = statement.name
            error.queryIndex = command.index
            throw error
        }
        var entry = command.isPrepared ? prepared.entry(for: statement, buffer.types) : nil
        if command.isPrepared && entry == nil {
            let added = prepared.add(statement, buffer.types)
            expected.append(.preparation(added, command))
            if PQsendPrepare(connection.handle, added.serverName, statement.sql, count, buffer.types) != 1 {
                throw connection.lost()
            }
            entry = added
        }
        expected.append(.execution(entry, command))
        answers.sentCount += 1
        let sent = buffer.withParameters { values, lengths, formats in
            if let entry {
                PQsendQueryPrepared(connection.handle, entry.serverName, count, values, lengths, formats, 1)
            } else {
                PQsendQueryParams(
                    connection.handle, statement.sql, count, buffer.types, values, lengths, formats, 1)
            }
        }
        if sent != 1 { throw connection.lost() }
    }

    private func read(
        _ expected: Expected, _ deadline: Deadline, _ answers: inout Answers
    ) throws(PostgresError) {
        guard let rows = try connection.nextResult(deadline) else { throw connection.lost() }
        switch (rows.status, expected) {
        case (PGRES_COMMAND_OK, .preparation):
            break
        case (PGRES_COMMAND_OK, .execution), (PGRES_TUPLES_OK, .execution), (PGRES_EMPTY_QUERY, .execution):
            answers.rows.append(rows)
        case (PGRES_PIPELINE_ABORTED, .preparation(let entry, _)):
            prepared.forget(entry)
        case (PGRES_PIPELINE_ABORTED, .execution):
            break
        case (PGRES_FATAL_ERROR, _):
            try note(rows, expected, &answers)
        default:
            // COPY, above all: libpq would answer every question by the same result for ever.
            throw connection.lost("a pipeline does not take COPY")
        }
        // Each command has one result, then a null that ends it.
        if try connection.nextResult(deadline) != nil {
            throw connection.lost("PostgreSQL answered one query twice")
        }
    }

    private func note(_ rows: Rows, _ expected: Expected, _ answers: inout Answers) throws(PostgresError) {
        var error = PostgresError(rows.result)
        let command: Command
        switch expected {
        case .preparation(let entry, let failed):
            prepared.forget(entry)
            command = failed
        case .execution(let entry, let failed):
            // The server has dropped the statement, or its result's type has changed under it.
            if let entry, error.sqlState == "26000" || error.sqlState == "0A000" { prepared.forget(entry) }
            command = failed
        }
        error.statement = command.query.statement.name
        error.queryIndex = command.index
        // Without a code it is libpq that speaks, and what the server did is unknown.
        if PostgresError.endsSession(rows.result) || error.sqlState == nil {
            // Class 08 is what something between us and the server says; it cannot know what the server did.
            answers.wasEndedByServer = error.sqlState.map { !$0.hasPrefix("08") } ?? false
            connection.shut()
            throw error
        }
        if answers.error == nil { answers.error = error }
    }
}
