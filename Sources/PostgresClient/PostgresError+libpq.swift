import CPostgreSQL

extension PostgresError {
    /// What the server reported in a failed result (manual, 34.3.1, `PQresultErrorField`). A report of severity FATAL
    /// ends the session, whatever its code.
    init(_ result: OpaquePointer) {
        func field(_ code: Int32) -> String? {
            PQresultErrorField(result, code).map { String(cString: $0) }
        }
        let sqlState = field(CPG_DIAG_SQLSTATE)
        let ends = Self.endsSession(result)
        let kind = ends ? .away : sqlState.map { Self.kind(ofSQLState: $0) } ?? .away
        let message = field(CPG_DIAG_MESSAGE) ?? Self.sentence(PQresultErrorMessage(result))
        self.init(kind, message, sqlState: sqlState)
        detail = field(CPG_DIAG_DETAIL)
        hint = field(CPG_DIAG_HINT)
        context = field(CPG_DIAG_CONTEXT)
        position = field(CPG_DIAG_POSITION).flatMap { Int($0) }
        table = field(CPG_DIAG_TABLE)
        constraint = field(CPG_DIAG_CONSTRAINT)
    }

    /// Whether the server closes the session after this report.
    static func endsSession(_ result: OpaquePointer) -> Bool {
        guard let severity = PQresultErrorField(result, CPG_DIAG_SEVERITY) else { return false }
        return ["FATAL", "PANIC"].contains(String(cString: severity))
    }

    /// libpq's own messages have several lines; those that begin with a tab only guess at the cause.
    static func sentence(_ message: UnsafePointer<CChar>?) -> String {
        let lines = (message.map { String(cString: $0) } ?? "").split(separator: "\n")
        let facts = lines.filter { !$0.hasPrefix("\t") }
        return facts.isEmpty ? "the connection to PostgreSQL is lost" : facts.joined(separator: "; ")
    }
}
