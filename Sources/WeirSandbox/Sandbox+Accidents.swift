/// Accidents that concern more than one server's process.
extension Sandbox {
    /// Takes a backup of PostgreSQL's whole data folder; the server is shut down for it and started again.
    public func backUpPostgres() async throws {
        await postgres.shutDown()
        try await postgresRecipe.backUp()
        try await postgres.restart()
    }

    /// Kills PostgreSQL and starts it again from the backup, on another WAL timeline: what was committed since the
    /// backup is gone, as after a restore, or after a failover to a standby that lagged.
    public func restorePostgres() async throws {
        await postgres.kill()
        try await postgresRecipe.restore()
        try await postgres.restart()
    }

    /// Evaluates Erlang expressions inside one node of the cluster, as ``evaluateInBroker(_:)`` does in the first.
    ///
    /// - Parameter number: the node's place in ``brokers``.
    @discardableResult
    public func evaluate(inBroker number: Int, _ expressions: String) async throws -> String {
        try await brokerRecipes[number].control.evaluate(expressions)
    }

    /// Erlang's name of a node, by its place in ``brokers``.
    public func nodeName(ofBroker number: Int) -> String { brokerRecipes[number].node }
}
