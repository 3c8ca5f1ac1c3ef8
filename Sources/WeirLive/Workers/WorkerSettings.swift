import PostgresClient
import Synchronization

/// What a worker process needs to know.
public struct WorkerSettings: Sendable {
    /// Where the database is.
    public var databaseURL: String
    /// Where the broker is.
    public var amqpURL: String
    /// The broker's heartbeat, in seconds: it takes a frozen owner's deliveries away.
    public var heartbeatSeconds = 4
    /// How long a partition may take to be given back in order, in seconds.
    public var settleSeconds = 2

    /// How long a process that stops may take to hand its partitions over one by one, in seconds.
    public var handOverSeconds = 5

    /// Settings for these servers.
    public init(databaseURL: String, amqpURL: String) {
        self.databaseURL = databaseURL
        self.amqpURL = amqpURL
    }

    var session: SessionSettings {
        var session = SessionSettings(url: databaseURL, applicationName: "weir worker")
        // Behind a network that swallows everything the loss of a session is noticed after five seconds. One attempt to
        // replace it may begin before the consumer is closed, and others wait for its deliveries.
        session.connectTimeoutSeconds = 2
        return session
    }
}

/// What a worker process has done since its start.
public final class WorkerTally: Sendable {
    private let counts = Mutex(Counts())

    /// The numbers.
    public struct Counts: Sendable, Hashable {
        /// Batches that were committed.
        public var batches = 0
        /// Commands that were decided.
        public var commands = 0
        /// Holds that came due.
        public var expired = 0
        /// Events that were written.
        public var events = 0
        /// Dead letters that were written.
        public var deadLetters = 0
    }

    /// The numbers as they are now.
    public var current: Counts { counts.withLock { $0 } }

    func countBatch(commands: Int, expired: Int, events: Int) {
        counts.withLock {
            $0.batches += 1
            $0.commands += commands
            $0.expired += expired
            $0.events += events
        }
    }

    func countDeadLetter() { counts.withLock { $0.deadLetters += 1 } }
}
