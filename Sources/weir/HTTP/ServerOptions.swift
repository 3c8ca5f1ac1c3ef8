import ArgumentParser
import Foundation

/// Where the commands that speak HTTP find the server, and as whom they come.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's URL. [env: WEIR_URL, default: \(ServerURL.fallback)]")
    var url: String?

    @Option(
        help:
            "The API key or JWT to send; better in the environment, where `ps` does not show it. [env: WEIR_API_KEY]"
    )
    var apiKey: String?

    @Option(
        help:
            "The file with the authority to trust for https://; the system's if nothing is said. [env: WEIR_CA_FILE]"
    )
    var caFile: String?

    @Flag(help: "Print data as JSON.")
    var json = false

    /// Lends a client of that server; its errors become the command's.
    func withClient<Outcome>(
        connections: Int = 8, patienceSeconds: Double = 15, _ body: (WeirClient) async throws -> Outcome
    ) async throws -> Outcome {
        do {
            return try await WeirClient.with(
                url: ServerURL.resolve(url), key: said(apiKey, "WEIR_API_KEY"),
                caFile: said(caFile, "WEIR_CA_FILE"), connections: connections,
                patienceSeconds: patienceSeconds, body)
        } catch let error as WeirClientError {
            throw error.failure
        }
    }

    private func said(_ option: String?, _ variable: String) -> String? {
        (option ?? ProcessInfo.processInfo.environment[variable]).flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension WeirClientError {
    /// What the error means for the command that met it.
    var failure: Failure {
        switch self {
        case .badURL, .badCAFile: Failure(description, .usage)
        case .unreachable, .timedOut, .untrusted: Failure(description, .unavailable)
        case .refused(let problem) where problem.status == 503: Failure(description, .unavailable)
        case .refused(let problem) where problem.status == 401:
            Failure(description + "; give the key by WEIR_API_KEY or --api-key", .failed)
        case .refused, .garbled, .cancelled: Failure(description, .failed)
        }
    }
}
