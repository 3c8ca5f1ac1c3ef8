import Synchronization

/// A database and a virtual host that nobody else uses: tests side by side do not disturb each other.
public struct Room: Sendable {
    /// The database, with the rights of a superuser.
    public let databaseURL: String
    /// The virtual host, with the rights of an administrator.
    public let amqpURL: String
    /// The virtual host's name, for `runRabbitmqctl`.
    public let vhost: String
    /// The database's name.
    public let databaseName: String
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
            vhost: name,
            databaseName: name)
    }

    /// Runs `rabbitmqctl` on the sandbox's broker and returns what it prints.
    @discardableResult
    public func runRabbitmqctl(_ arguments: [String]) async throws -> String {
        try await rabbitmqRecipe.runRabbitmqctl(arguments)
    }

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
