/// How a session reaches its server and how long it waits. Whatever the URL says itself wins over these settings,
/// except for the encoding: a session always speaks UTF-8.
public struct SessionSettings: Sendable {
    /// A `postgres://` URI or a string of `key=value` pairs (manual, 34.1.1 Connection Strings).
    /// Several hosts may stand in it; each is tried in turn.
    public var url: String

    /// What `pg_stat_activity` and the server's log call this session.
    public var applicationName: String

    /// How long one address may take to accept the session, log-in included. libpq waits two seconds at the least.
    public var connectTimeoutSeconds: Int = 5

    /// How long the server works on one statement before it gives up with 57014. 0 means without limit.
    public var statementTimeoutSeconds: Int = 30

    /// How long the server keeps a transaction in which nothing happens; its locks go with it. 0 means without limit.
    public var idleInTransactionTimeoutSeconds: Int = 5

    /// How long the server keeps a session that says nothing outside a transaction. `nil` means without limit.
    public var idleSessionTimeoutSeconds: Int?

    /// How long a call waits for its whole answer, at least one second. When the time is over the socket is closed,
    /// the session is broken and the call throws.
    public var answerTimeoutSeconds: Int = 40

    /// Settings with every time-out at its default.
    public init(url: String, applicationName: String) {
        self.url = url
        self.applicationName = applicationName
    }

    /// Throws an error of the kind `.other` when ``url`` cannot be read as one. Connects to nothing.
    public func checkURL() throws(PostgresError) { _ = try ConnectionParameters(self) }
}
