import WeirSandbox

/// The URL of a fresh virtual host.
func testBrokerURL() async throws -> String { try await SharedSandbox.room().amqpURL }

/// Runs `rabbitmqctl` on the broker of all rooms.
func rabbitmqctl(_ arguments: [String]) async throws {
    try await SharedSandbox.get().runRabbitmqctl(arguments)
}
