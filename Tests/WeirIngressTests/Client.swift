import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import WeirWire

/// What came back.
struct Reply: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]

    /// The JSON value at a path of names.
    func value(_ path: String...) -> JSONValue? {
        guard var fields = try? JSONFields(body) else { return nil }
        for name in path.dropLast() {
            guard case .object(let inner) = fields.take(name) else { return nil }
            fields = inner
        }
        return path.last.flatMap { fields.take($0) }
    }

    func text(_ name: String) -> String? {
        if case .text(let text) = value(name) { text } else { nil }
    }

    func number(_ name: String) -> Int64? {
        if case .integer(let number) = value(name) { number } else { nil }
    }

    /// The kind of a problem, without `/problems/`.
    var problem: String? { text("type").map { String($0.dropFirst("/problems/".count)) } }

    /// Where the problem is: the first error's pointer, header or parameter.
    var place: String? {
        guard case .array(let errors) = value("errors"), case .object(var first) = errors.first else {
            return nil
        }
        for name in ["pointer", "header", "parameter"] {
            if case .text(let text) = first.take(name) { return text }
        }
        return nil
    }

    /// The JSON pointers of all fields that are wrong.
    var pointers: [String] {
        guard case .array(let errors) = value("errors") else { return [] }
        return errors.compactMap { error in
            guard case .object(var fields) = error, case .text(let pointer) = fields.take("pointer") else {
                return nil
            }
            return pointer
        }
    }

    var bodyText: String { String(decoding: body, as: UTF8.self) }
}

enum Client {
    /// One for the whole process, on the shared event loops; it is never shut down.
    static let shared: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 512
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    static func send(
        _ method: String, _ url: String, headers: [(String, String)] = [], body: String? = nil
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await shared.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 1 << 22)
        return Reply(
            status: Int(response.status.code), headers: response.headers, body: Array(bytes.readableBytesView)
        )
    }
}
