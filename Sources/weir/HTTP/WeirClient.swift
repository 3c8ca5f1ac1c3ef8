import AsyncHTTPClient
import Foundation
import NIOSSL
import WeirCore
import WeirWire

/// The server's HTTP API as calls: an answer is a value, a refusal or a failure is one error with one sentence.
///
/// It never tries again by itself: only the caller knows whether the same call may be sent twice.
struct WeirClient: Sendable {
    /// Where the server is, without a slash at the end.
    let url: String
    private let http: HTTPClient
    /// The value of the header `Authorization`.
    private let authorization: String?
    /// How long an answer may take, beyond the time that the call itself asks the server to wait.
    private var patienceSeconds: Double

    /// Lends a client that keeps up to `connections` connections open, and closes them afterwards.
    ///
    /// - Parameters:
    ///   - key: an API key or a JWT.
    ///   - caFile: the file with the authority to trust for https; nil takes the system's.
    static func with<Outcome>(
        url: String, key: String? = nil, caFile: String? = nil, connections: Int = 8,
        patienceSeconds: Double = 15,
        _ body: (WeirClient) async throws -> Outcome
    ) async throws -> Outcome {
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        // A refused connection is an answer. Knocking again in silence would hide it until the time runs out.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let caFile { configuration.tlsConfiguration = try Self.trusting(caFile) }
        let http = HTTPClient(configuration: configuration)
        do {
            let client = WeirClient(
                url: try ServerURL.checked(url), http: http, authorization: key.map { "Bearer \($0)" },
                patienceSeconds: patienceSeconds)
            let outcome = try await body(client)
            try await http.shutdown()
            return outcome
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    /// Trusts one file's authorities and nobody else.
    private static func trusting(_ caFile: String) throws(WeirClientError) -> TLSConfiguration {
        guard let authorities = try? NIOSSLCertificate.fromPEMFile(caFile), !authorities.isEmpty else {
            throw .badCAFile(caFile)
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(authorities)
        return configuration
    }

    /// The same client with another patience.
    func patient(seconds: Double) -> WeirClient {
        var copy = self
        copy.patienceSeconds = seconds
        return copy
    }

    /// Sends one request; any answer but 2xx is an error.
    func call(
        _ verb: Verb, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        serverWaitSeconds: Double = 0
    ) async throws(WeirClientError) -> Reply {
        var request = HTTPClientRequest(url: url + path)
        request.method =
            switch verb {
            case .get: .GET
            case .post: .POST
            case .put: .PUT
            }
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        for header in headers { request.headers.add(name: header.name, value: header.value) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        let reply: Reply
        do {
            let response = try await http.execute(
                request, timeout: .milliseconds(Int64((patienceSeconds + serverWaitSeconds) * 1000)))
            let bytes = try await response.body.collect(upTo: Self.largestAnswer)
            reply = Reply(
                status: Int(response.status.code),
                isReplayed: response.headers.first(name: "Idempotent-Replayed") == "true",
                retryAfterSeconds: response.headers.first(name: "Retry-After").flatMap(Int.init),
                body: Array(bytes.readableBytesView))
        } catch {
            throw WeirClientError(error, url: url)
        }
        guard (200..<300).contains(reply.status) else { throw .refused(Problem(reply)) }
        return reply
    }

    private static let largestAnswer = 16 << 20
}

extension WeirClient {
    /// The methods that the API knows.
    enum Verb {
        case get, post, put
    }

    /// What came back, before anybody has looked at what it says.
    struct Reply: Sendable {
        let status: Int
        /// The server knew the key already and repeated its answer.
        let isReplayed: Bool
        let retryAfterSeconds: Int?
        let body: [UInt8]

        /// The members of the JSON object that came back.
        func fields() throws(WeirClientError) -> JSONFields {
            do throws(WireRefusal) {
                return try JSONFields(body)
            } catch {
                throw .garbled("\(error)")
            }
        }
    }
}

/// Where the server is: the option, then the environment, then this machine.
enum ServerURL {
    static let fallback = "http://127.0.0.1:8080"

    /// The address that is meant, when `--url` said `option`.
    static func resolve(_ option: String?) -> String {
        let environment = ProcessInfo.processInfo.environment["WEIR_URL"].flatMap { $0.isEmpty ? nil : $0 }
        return option ?? environment ?? fallback
    }

    /// The address without a slash at its end; an error when it is none.
    static func checked(_ text: String) throws(WeirClientError) -> String {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
            parts.scheme == "http" || parts.scheme == "https", parts.query == nil, parts.fragment == nil
        else { throw .badURL(text) }
        return String(text.reversed().drop { $0 == "/" }.reversed())
    }
}
