import AsyncHTTPClient
import Foundation
import NIOCore

/// Asks the ingress; a request without an answer has the status 0.
struct ChaosClient: Sendable {
    /// An answer, as far as a buyer reads it.
    struct Reply: Sendable {
        let status: Int
        var intentStatus: String?
        var reason: String?
    }

    private struct Body: Decodable {
        let status: Status?
        let reason: String?

        /// A problem's status is a number.
        enum Status: Decodable {
            case word(String)
            case number(Int)

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let word = try? value.decode(String.self) {
                    self = .word(word)
                } else {
                    self = .number(try value.decode(Int.self))
                }
            }
        }
    }

    let port: Int

    func ask(
        _ method: String, _ path: String, body: String? = nil, key: String? = nil, wait: Int? = nil
    ) async -> Reply {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .RAW(value: method)
        if let key { request.headers.add(name: "Idempotency-Key", value: key) }
        if let wait { request.headers.add(name: "Prefer", value: "wait=\(wait)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
            let bytes = try await response.body.collect(upTo: 65_536)
            let read = try? JSONDecoder().decode(Body.self, from: Data(buffer: bytes))
            var reply = Reply(status: Int(response.status.code))
            if case .word(let word)? = read?.status { reply.intentStatus = word }
            reply.reason = read?.reason
            return reply
        } catch {
            return Reply(status: 0)
        }
    }
}
