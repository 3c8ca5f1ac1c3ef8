import WeirProducer

/// How an ingress works: its servers, its limits, its patience.
public struct IngressSettings: Sendable {
    /// Where PostgreSQL is, `postgres://…`. It is only read.
    public var databaseURL: String
    /// Where RabbitMQ is, `amqp://…`.
    public var amqpURL: String
    /// The address to listen at. Without credentials it must be one that only this machine reaches.
    public var host = "127.0.0.1"
    /// The port to listen at; 0 takes any that is free.
    public var port = 8080
    /// Names this ingress's own queue, `weir.ingress.<instance>`: no two running ingresses may share it.
    public var instance = IngressSettings.randomInstance()

    /// Which credentials it asks for.
    public var credentials = CredentialSettings.open
    /// For how long API keys are good that cannot be asked for because PostgreSQL is away, in seconds; 1 to 600.
    public var keyTrustSeconds = 600
    /// The certificate with which it speaks HTTPS; nil: it speaks HTTP.
    public var tls: TLSFiles?

    /// The largest request body in bytes.
    public var largestBody = 65_536
    /// The most intents of one batch.
    public var batchLimit = 1_000
    /// The largest body of a batch in bytes.
    public var largestBatchBody = 1_048_576
    /// The most bytes that the bodies of all batches that are under way may have together; further ones get 503.
    public var batchMemory = 16_777_216
    /// The most event streams at once; further ones get 503.
    public var streamLimit = 200
    /// How often a stream without events shows that it is alive, in seconds.
    public var streamHeartbeatSeconds = 15
    /// The longest that a client may wait for an outcome; a longer wish is cut to this.
    public var waitLimitSeconds = 30
    /// How long a command waits for its outcome when the client says nothing.
    public var commandWaitSeconds = 10
    /// The longest that a request waits for the broker's confirm, stalls of the broker included; at least 2.
    public var publishDeadlineSeconds = 5
    /// How long PostgreSQL may take to answer a look-up before it counts as away.
    public var lookUpTimeoutSeconds = 2

    /// The most requests that may wait for outcomes at once; further ones get 503.
    public var waiterLimit = 50_000
    /// The most publishes that may be on their way at once; further ones get 503.
    public var inFlightLimit = 20_000
    /// How long the way to the broker may take for long, in milliseconds; when it takes longer, only as many intents
    /// of a partition are let in as come through in this time, and further ones get 503.
    public var doorMilliseconds = 1_000
    /// The most accepted tokens without an outcome that are remembered as `queued`; the oldest are forgotten first.
    public var queuedMemory = 200_000
    /// The most connections at once; further ones wait in the kernel's backlog.
    public var connectionLimit = 10_000

    /// How long a connection may be idle, or take for one request's head.
    public var idleTimeoutSeconds = 75
    /// How long a client may take to send a request's body, from the end of its head.
    public var readTimeoutSeconds = 10
    /// How long a client may take to receive an answer.
    public var writeTimeoutSeconds = 15
    /// The largest head of a request in bytes, the path and all header fields together.
    public var largestHead = 32_768
    /// The most header fields of a request.
    public var headerFieldLimit = 100

    /// How long a graceful shutdown may take altogether; at least 4.
    public var shutdownGraceSeconds = 20
    /// Whether known tokens are looked up before they are published; without it the worker answers retries.
    public var lookUpAtTheDoor = true
    /// Whether intents for SKUs of which nothing is left are refused at the door; without it the worker rejects them.
    public var soldOutGate = true
    /// How often all clients together may come; nil: as often as they like.
    public var rateOverall: RateLimit?
    /// How often each credential may come; nil: as often as it likes.
    public var ratePerCredential: RateLimit?
    /// How often intents of each buyer may come; nil: as often as they like.
    public var ratePerBuyer: RateLimit?
    /// How many credentials and how many buyers are remembered at least, of those who came last.
    public var rateMemory = 100_000

    /// Settings with the default limits.
    public init(databaseURL: String, amqpURL: String) {
        self.databaseURL = databaseURL
        self.amqpURL = amqpURL
    }

    /// Eight random characters: enough to tell the ingresses of one broker apart.
    public static func randomInstance() -> String {
        hexadecimal(UInt64.random(in: 0...UInt64(UInt32.max)), digits: 8)
    }
}
