import HTTPTypes
import HummingbirdCore
import NIOCore
import WeirCore
import WeirWire

/// What a request is answered with, before it becomes HTTP.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    /// Header fields beside the ones that every answer has.
    var fields = HTTPFields()
    var mediaType = MediaType.json
    var body: [UInt8]
    /// Writes the body bit by bit, in place of ``body``.
    var stream: Stream?

    typealias Stream = @Sendable (inout any ResponseBodyWriter) async throws -> Void

    /// What a body can be.
    enum MediaType: String, Sendable {
        case json = "application/json"
        case problem = "application/problem+json"
        case jsonLines = "application/x-ndjson"
        case eventStream = "text/event-stream"
        case html = "text/html; charset=utf-8"
        case yaml = "application/yaml"
    }

    init(_ status: HTTPResponse.Status, _ body: [UInt8]) {
        self.status = status
        self.body = body
    }

    init(_ problem: Problem) {
        status = HTTPResponse.Status(code: problem.kind.status)
        mediaType = .problem
        body = problem.body
        if let seconds = problem.retryAfterSeconds { fields[.retryAfter] = String(seconds) }
        if let allow = problem.allow { fields[.allow] = allow }
        if let location = problem.location { fields[.location] = location }
        if let rates = problem.rates { add(rates) }
        if let challenge = problem.challenge { fields[.wwwAuthenticate] = challenge }
        if problem.isReplayed { markReplayed() }
        if problem.closes { fields[.connection] = "close" }
    }

    /// 200 with an intent as it stands.
    init(_ intent: Intent, status: HTTPResponse.Status = .ok) {
        self.init(status, JSONWriter.object { intent.write(to: &$0) })
    }

    /// 200 with an intent that stands in line, and where in it.
    init(_ intent: Intent, position: Int64?) {
        self.init(
            .ok,
            JSONWriter.object { json in
                intent.write(to: &json)
                if let position { json.member("position", position) }
            })
    }

    /// 200 with a SKU as it stands; its version is the ETag that `If-Match` compares.
    init(_ stock: Stock, partition: Int, status: HTTPResponse.Status = .ok) {
        self.init(status, JSONWriter.object { stock.write(to: &$0, partition: partition) })
        fields[.eTag] = "\"\(stock.version)\""
    }

    /// 200 with a description of the API.
    init(document: [UInt8]) {
        self.init(.ok, document)
        mediaType = .yaml
        fields[.cacheControl] = "public, max-age=300"
    }

    /// A wish to buy that is not decided yet, in the form that its intent will have.
    static func queued(_ submit: Submit, _ status: HTTPResponse.Status) -> Answer {
        Answer(
            status,
            JSONWriter.object { json in
                json.member("token", submit.token.text)
                json.member("sku", submit.sku.text)
                json.member("quantity", submit.quantity.units)
                json.member("buyer", submit.buyer.text)
                if let rule = submit.onShortage { json.member("on_shortage", rule.rawValue) }
                if let replaces = submit.replaces { json.member("replaces", replaces.text) }
                json.member("status", "queued")
            })
    }

    /// Says that the answer is one that was given before.
    mutating func markReplayed() { fields[.idempotentReplayed] = "true" }

    /// What stands before the body.
    var head: HTTPResponse {
        var all = fields
        all.append(HTTPField(name: .contentType, value: mediaType.rawValue))
        all.append(HTTPField(name: .date, value: DateHeader.now))
        if stream == nil { all.append(HTTPField(name: .contentLength, value: String(body.count))) }
        return HTTPResponse(status: status, headerFields: all)
    }

    /// Writes it as the answer to a request.
    func write(to writer: consuming ResponseWriter, withoutBody: Bool) async throws {
        let head = head
        if let stream {
            let body = withoutBody ? ResponseBody() : ResponseBody(stream)
            return try await writer.write(response: head, body: body)
        }
        let body = withoutBody ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        try await writer.write(response: head, body: body)
    }
}

extension HTTPField.Name {
    static let idempotencyKey = Self("Idempotency-Key")!
    static let idempotentReplayed = Self("Idempotent-Replayed")!
    static let traceparent = Self(TraceParent.name)!
    static let prefer = Self("Prefer")!
    static let preferenceApplied = Self("Preference-Applied")!
}
