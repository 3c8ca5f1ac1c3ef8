/// Where a broker is and how long to wait for it.
public struct AMQPSettings: Sendable {
    /// `amqp://user:password@host:port/vhost`, each part percent-encoded where it must be.
    ///
    /// Left out: user and password are `guest`, the port is 5672, the virtual host is `/`. See
    /// <https://www.rabbitmq.com/docs/uri-spec>.
    ///
    /// `amqps://…?cacertfile=/path/ca.pem` encrypts, with TLS 1.2 at least, on port 5671 unless it says another. The
    /// broker's certificate must come from an authority in that file and be for that host, which must be a name: an IP
    /// address never matches. Other parameters (`?heartbeat=…`) are refused, not ignored.
    public var url: String

    /// Seconds between heartbeats, 1 to 60; a peer silent for twice as long is away.
    public var heartbeatSeconds = 4

    /// Seconds for the TCP connection, and again for the login; at least 1.
    public var connectTimeoutSeconds = 5

    /// Seconds for the answer to a call, and for each next frame of a message that has begun to arrive; at
    /// least 1.
    public var rpcTimeoutSeconds = 10

    /// The name by which `rabbitmqctl list_connections` shows the connection (client property
    /// `connection_name`).
    public var connectionName: String

    /// Settings with the default times.
    public init(url: String, connectionName: String = "weir") {
        self.url = url
        self.connectionName = connectionName
    }
}

extension AMQPSettings {
    /// The virtual host that ``url`` names. Throws `.invalid` when the URL is none.
    public var virtualHost: String {
        get throws(AMQPError) { try AMQPAddress(url).vhost }
    }
}
