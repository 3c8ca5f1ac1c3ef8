import AsyncHTTPClient
import Foundation
import NIOSSL
import WeirWire

/// Why a call has no answer that says yes. Its description is one sentence for a person.
enum WeirClientError: Error, Sendable, CustomStringConvertible {
    /// The address cannot be one.
    case badURL(String)
    /// The file with the authorities to trust cannot be read.
    case badCAFile(String)
    /// The server's certificate does not prove that it is the one that was meant, or it has none.
    case untrusted(url: String, reason: String)
    /// Nobody answered: the request may have arrived or not.
    case unreachable(url: String, reason: String)
    /// No answer in time: the request may have arrived or not.
    case timedOut(url: String)
    /// The caller's task was cancelled.
    case cancelled
    /// The server said no.
    case refused(Problem)
    /// The answer cannot be read.
    case garbled(String)

    init(_ error: any Error, url: String) {
        switch error {
        case let known as WeirClientError: self = known
        case is CancellationError: self = .cancelled
        case let error as HTTPClientError where error == .cancelled: self = .cancelled
        case let error as HTTPClientError where Self.timeouts.contains(error): self = .timedOut(url: url)
        default:
            self =
                Self.distrust(error).map { .untrusted(url: url, reason: $0) }
                ?? .unreachable(url: url, reason: Self.shortReason(error))
        }
    }

    var description: String {
        switch self {
        case .badURL(let text):
            "'\(text)' is not the address of a server; it looks like \(ServerURL.fallback)"
        case .badCAFile(let path):
            "the file '\(path)' (--ca-file, WEIR_CA_FILE) cannot be read as certificates in PEM"
        case .untrusted(let url, let reason): "the server at \(url) is not trusted: \(reason)"
        case .unreachable(let url, let reason):
            "the server at \(url) cannot be reached (\(reason)); is 'weir serve' running there?"
        case .timedOut(let url): "the server at \(url) did not answer in time"
        case .cancelled: "interrupted"
        case .refused(let problem): problem.description
        case .garbled(let reason): "the server's answer cannot be read: \(reason)"
        }
    }

    /// The server's refusal, if it was one.
    var problem: Problem? {
        if case .refused(let problem) = self { problem } else { nil }
    }

    /// Whether the same call, with the same key, may do better in a moment.
    var isPassing: Bool {
        switch self {
        case .unreachable, .timedOut: true
        case .refused(let problem): [429, 500, 502, 503, 504].contains(problem.status)
        case .badURL, .badCAFile, .untrusted, .cancelled, .garbled: false
        }
    }

    private static let timeouts: [HTTPClientError] = [
        .deadlineExceeded, .readTimeout, .connectTimeout, .getConnectionFromPoolTimeout,
    ]

    /// Why a handshake failed, if it did; the TLS library says it in the names of its error codes.
    private static func distrust(_ error: any Error) -> String? {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return "its certificate is for another host; write the name that is in it"
        }
        guard let error = error as? NIOSSLError, case .handshakeFailed = error else { return nil }
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return
                "its certificate is not from an authority that is trusted, or has expired; name the authority's"
                + " file with --ca-file"
        }
        if text.contains("WRONG_VERSION_NUMBER") {
            return "it does not speak TLS there; begin the URL with http:// if that is right"
        }
        return "no TLS was agreed on (\(text))"
    }

    /// The few words that matter in what the network library says at length.
    private static func shortReason(_ error: any Error) -> String {
        let text = "\(error)"
        let known = [
            "Connection refused", "Connection reset by peer", "No route to host", "Broken pipe",
            "Too many open files",
        ]
        if let reason = known.first(where: text.contains) { return reason.lowercased() }
        if let error = error as? HTTPClientError { return error.shortDescription }
        return text.count <= 160 ? text : text.prefix(160) + "…"
    }
}

/// A refusal as the server explained it: `application/problem+json`, RFC 9457.
struct Problem: Sendable, Hashable, CustomStringConvertible {
    let status: Int
    /// The stable name, such as `/problems/sold-out`.
    var type: String
    var title: String
    var detail: String?
    let retryAfterSeconds: Int?

    init(_ reply: WeirClient.Reply) {
        status = reply.status
        type = "about:blank"
        title = "HTTP \(reply.status)"
        retryAfterSeconds = reply.retryAfterSeconds
        // Something between us and the server may have answered, in a form of its own.
        guard var fields = try? JSONFields(reply.body) else { return }
        if case .text(let text) = fields.take("type") { type = text }
        if case .text(let text) = fields.take("title") { title = text }
        if case .text(let text) = fields.take("detail") { detail = text }
    }

    /// The last part of ``type``, such as `sold-out`.
    var name: Substring { type.split(separator: "/").last ?? "" }

    var description: String {
        let said = detail.map { "\(title): \($0)" } ?? title
        return type == "about:blank" ? "the server refused: \(said)" : "\(said) (HTTP \(status), \(type))"
    }
}
