import AMQPClient
import Logging
import PostgresClient
import WeirCore
import WeirTopology

/// Looks at the servers of an installation and says what is wrong with them, and the command that mends it.
///
/// It changes nothing. What it publishes reaches no partition: a message that the broker gives back at once, and one
/// into `weir.dead` that workers throw away and that goes by itself after some seconds.
public struct Doctor: Sendable {
    /// The oldest servers that have what Weir needs.
    public struct Requirements: Sendable {
        /// PostgreSQL's `server_version_num`: `idle_session_timeout` came with 14.
        public var postgres = 140_000
        /// RabbitMQ's version: dead-lettering at least once came with 3.10.
        public var rabbitmq = [3, 10]

        /// What this version of Weir needs.
        public init() {}
    }

    let databaseURL: String
    let amqpURL: String
    let logger: Logger
    /// What the broker's own tool has told; nil when it was not asked.
    let view: BrokerView?
    /// How long is watched whether something moves.
    var watch = Duration.seconds(2)
    var requirements = Requirements()
    /// Events may wait this long for the broker's confirm, in seconds.
    static let publishPatience = 15
    /// How far clocks may differ, in microseconds.
    static let clockPatience: Int64 = 2_000_000

    /// A doctor for these servers.
    public init(databaseURL: String, amqpURL: String, view: BrokerView?, logger: Logger) {
        self.databaseURL = databaseURL
        self.amqpURL = amqpURL
        self.view = view
        self.logger = logger
    }

    /// Looks at everything; takes some seconds. Blocks, on a thread with a stack for librabbitmq.
    ///
    /// Throws when a server cannot be reached.
    public func examine() throws -> [Finding] {
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "weir doctor"))
        defer { session.close() }
        let connection = try Connection(AMQPSettings(url: amqpURL, connectionName: "weir doctor"))
        defer { connection.close() }
        var findings = [rabbitmqVersion(connection)]
        findings += try server(session)
        let installation: Installation
        do {
            installation = try Installation.read(session)
        } catch LiveError.notMigrated {
            return findings + [
                .sick("migrations", "the database has no tables of Weir's", mend: "weir migrate")
            ]
        } catch let error as PostgresError where error.sqlState == Self.noPrivilege {
            return findings + [Self.noTables]
        }
        findings.append(try migrations(session))
        findings.append(timeline(installation))
        findings.append(try privileges(session))
        let count = installation.partitioning.count
        let topology = try topology(count)
        findings += topology.findings
        findings += brokerRights(connection, mayDeclare: topology.mayDeclare)
        findings.append(policies(connection))
        guard findings.allSatisfy({ $0.check != "topology" || $0.verdict != .sick }) else { return findings }
        do {
            findings += try flow(session, connection, partitions: count)
        } catch let error as PostgresError where error.sqlState == Self.noPrivilege {
            findings.append(
                .unseen(
                    "flow", "this role may not look at the partitions",
                    see: "weir doctor, with a DATABASE_URL whose role may"))
        }
        // Last, because the message that it tries the way with is no letter that waits.
        findings += deadQueue(connection)
        return findings
    }

    static let noPrivilege = "42501"

    private static let noTables = Finding.sick(
        "privileges", "this role may not even read the table installation", mend: grant(to: "THE_ROLE"))

    static func grant(to role: String) -> String {
        "psql \"$DATABASE_URL\" -c 'grant select, insert, update, delete on all tables in schema public to \"\(role)\"'"
            + ", as the owner of the tables"
    }
}
