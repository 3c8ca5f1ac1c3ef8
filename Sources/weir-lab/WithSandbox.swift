import WeirSandbox

/// Lends private servers, and ends them whatever happens.
func withSandbox(
    redis: Sandbox.RedisDurability? = nil, _ body: (Sandbox) async throws -> Void
) async throws {
    let sandbox = try await Sandbox.start(.init(redis: redis))
    do {
        try await body(sandbox)
        await sandbox.stop()
    } catch {
        await sandbox.stop()
        throw error
    }
}
