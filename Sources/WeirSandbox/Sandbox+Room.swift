import Synchronization

/// A database and a virtual host that nobody else uses: tests side by side do not disturb each other.
public struct Room: Sendable {
    /// The database, with the rights of a superuser.
    public let databaseURL: String
    /// The virtual host, with the rights of an administrator.
    public let amqpURL: String
    /// Both with TLS, the server's certificate and name verified; nil when the servers do not speak it.
    public let secured: Secured?
    /// The virtual host's name, for `runRabbitmqctl`.
    public let vhost: String
    /// The database's name.
    public let databaseName: String

    /// The same room by other ways.
    public struct Secured: Sendable {
        /// The database.
        public let databaseURL: String
        /// The virtual host.
        public let amqpURL: String
    }
}

extension Sandbox {
    /// Makes a fresh database and a fresh virtual host, in a tenth of a second. They go with the sandbox.
    /// What the sandbox was started without is missing from the room too.
    public func makeRoom() async throws -> Room {
        let name = "room_\(roomNumber.wrappingAdd(1, ordering: .relaxed).newValue)"
        async let database: Void = makeDatabase(name)
        async let vhost: Void = makeVhost(name)
        _ = try await (database, vhost)
        return Room(
            databaseURL: postgresRecipe.url(database: name), amqpURL: rabbitmqRecipe.url(vhost: name),
            secured: secured(database: name, vhost: name), vhost: name, databaseName: name)
    }

    /// The database `weir` and the virtual host `/` with TLS; nil when the servers do not speak it.
    public var secured: Room.Secured? { secured(database: "weir", vhost: "/") }

    private func secured(database: String, vhost: String) -> Room.Secured? {
        guard let database = postgresRecipe.securedURL(database: database),
            let amqp = rabbitmqRecipe.securedURL(vhost: vhost)
        else { return nil }
        return Room.Secured(databaseURL: database, amqpURL: amqp)
    }

    /// Makes the database that takes no session without TLS, and returns its address with the rights of a superuser.
    /// Once a sandbox.
    public func makeDatabaseForTLSOnly() async throws -> String {
        try await makeDatabase(SandboxTLS.onlyDatabase)
        return postgresRecipe.url(database: SandboxTLS.onlyDatabase)
    }

    /// Runs `rabbitmqctl` on the sandbox's broker and returns what it prints.
    @discardableResult
    public func runRabbitmqctl(_ arguments: [String]) async throws -> String {
        try await rabbitmqRecipe.runRabbitmqctl(arguments)
    }

    /// Writes a script that runs `rabbitmqctl` for the sandbox's broker from any shell, and returns its path. It goes with
    /// the sandbox.
    public func writeRabbitmqctl() throws -> String { try rabbitmqRecipe.writeRabbitmqctl() }

    /// Evaluates Erlang expressions, ending in a full stop, inside the broker and returns the last one's
    /// value as Erlang prints it: `rabbitmqctl eval` in milliseconds.
    @discardableResult
    public func evaluateInBroker(_ expressions: String) async throws -> String {
        try await rabbitmqRecipe.control.evaluate(expressions)
    }

    private func makeDatabase(_ name: String) async throws {
        if postgres.isRunning { try await postgresRecipe.run("CREATE DATABASE \(name)") }
    }

    private func makeVhost(_ name: String) async throws {
        if rabbitmq.isRunning { try await rabbitmqRecipe.control.addVhost(name, user: RabbitmqRecipe.user) }
    }
}
