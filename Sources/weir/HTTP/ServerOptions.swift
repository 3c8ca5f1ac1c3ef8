import ArgumentParser

/// Where the commands that speak HTTP find the server.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's URL. [env: WEIR_URL, default: \(ServerURL.fallback)]")
    var url: String?

    @Flag(help: "Print data as JSON.")
    var json = false

    /// Lends a client of that server; its errors become the command's.
    func withClient<Outcome>(
        connections: Int = 8, patienceSeconds: Double = 15, _ body: (WeirClient) async throws -> Outcome
    ) async throws -> Outcome {
        do {
            return try await WeirClient.with(
                url: ServerURL.resolve(url), connections: connections, patienceSeconds: patienceSeconds, body)
        } catch let error as WeirClientError {
            throw error.failure
        }
    }
}

extension WeirClientError {
    /// What the error means for the command that met it.
    var failure: Failure {
        switch self {
        case .badURL: Failure(description, .usage)
        case .unreachable, .timedOut: Failure(description, .unavailable)
        case .refused(let problem) where problem.status == 503: Failure(description, .unavailable)
        case .refused, .garbled, .cancelled: Failure(description, .failed)
        }
    }
}
