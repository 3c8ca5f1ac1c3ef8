/// What differs between the servers: how each is started, asked whether it is ready and shut down.
protocol ServerRecipe: Sendable {
    /// As people write it.
    var name: String { get }
    /// The server's folder, which exists and belongs to the user it runs as.
    var folder: String { get }
    var port: Int { get }
    /// What must run before the server; called before every start.
    func prepareStart() async throws
    /// The start of the server itself. It must become the server by exec, without a shell that stays.
    func start() -> Spawn
    /// Whether the server answers its protocol's handshake. Blocks for two seconds at most.
    func isReady() -> Bool
    /// What must be done once a server that was there before is back.
    func finishRestart() async throws
    /// The signal that ends it in order.
    var shutdownSignal: Int32 { get }
}

extension ServerRecipe {
    func finishRestart() async throws {}

    /// Everything the server writes.
    var logFile: String { "\(folder)/server.log" }
}
