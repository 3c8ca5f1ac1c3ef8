import CPostgreSQL
import Glibc

/// What a session asks of libpq and of the server: the URL's own settings, ours where it says nothing.
struct ConnectionParameters {
    /// Keywords of libpq and their values (manual, 34.1.2 Parameter Key Words).
    private(set) var values: [String: String]

    init(_ settings: SessionSettings) throws(PostgresError) {
        values = try Self.parse(settings.url)
        let defaults = [
            "application_name": settings.applicationName,
            "connect_timeout": String(max(settings.connectTimeoutSeconds, 2)),
            // A peer that vanished without a word is noticed after 5 seconds, whether we wait or write.
            "keepalives": "1",
            "keepalives_idle": "2",
            "keepalives_interval": "1",
            "keepalives_count": "3",
            "tcp_user_timeout": "5000",
        ]
        values.merge(defaults) { explicit, _ in explicit }
        // Among several settings of one name the server takes the last: the URL's stand behind ours. libpq would take
        // PGOPTIONS when no options are given; it must not be lost because we give some.
        let explicit = values["options"] ?? getenv("PGOPTIONS").map { String(cString: $0) }
        values["options"] = Self.serverOptions(settings) + (explicit.map { " " + $0 } ?? "")
        // Text is decoded as UTF-8, so nothing else will do.
        values["client_encoding"] = "UTF8"
    }

    /// Lends two arrays that end in NULL, as `PQconnectdbParams` wants them.
    func withCStrings<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> R
    ) -> R {
        let copies = values.map { (strdup($0.key), strdup($0.value)) }
        defer {
            for (key, value) in copies {
                free(key)
                free(value)
            }
        }
        let keys = copies.map { UnsafePointer<CChar>($0.0) } + [nil]
        let texts = copies.map { UnsafePointer<CChar>($0.1) } + [nil]
        return body(keys, texts)
    }

    /// Settings of the server's side of the session (manual, 20.3.2 and 20.11.1). The first is how it notices that we
    /// vanished while it writes, the second while it works. The keepalives are for the case of which nothing else
    /// tells: we vanished in the middle of a pipeline, it has half of it and waits for the rest, in a transaction, and
    /// none of its own time-outs runs. All give our locks back.
    private static func serverOptions(_ settings: SessionSettings) -> String {
        var options = [
            "tcp_user_timeout=5000",
            "client_connection_check_interval=1000",
            "tcp_keepalives_idle=2",
            "tcp_keepalives_interval=1",
            "tcp_keepalives_count=3",
            "idle_in_transaction_session_timeout=\(milliseconds(settings.idleInTransactionTimeoutSeconds))",
            "statement_timeout=\(milliseconds(settings.statementTimeoutSeconds))",
        ]
        if let seconds = settings.idleSessionTimeoutSeconds {
            options.append("idle_session_timeout=\(milliseconds(seconds))")
        }
        return options.map { "-c \($0)" }.joined(separator: " ")
    }

    /// The server keeps milliseconds in 32 bits.
    private static func milliseconds(_ seconds: Int) -> Int {
        min(max(seconds, 0), 2_147_483) * 1000
    }

    private static func parse(_ url: String) throws(PostgresError) -> [String: String] {
        var complaint: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &complaint) else {
            defer { PQfreemem(complaint) }
            // libpq quotes what it could not read, and a password may stand in it.
            let reason = PostgresError.withoutQuotations(PostgresError.sentence(complaint))
            throw PostgresError(.other, "the PostgreSQL URL cannot be read: \(reason)")
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                values[String(cString: keyword)] = String(cString: value)
            }
            option += 1
        }
        return values
    }
}
