import HTTPTypes
import WeirWire

/// A kind of error answer (RFC 9457): its `type` and `title` are stable, whatever the detail says.
struct ProblemKind: Sendable, Hashable {
    /// The last part of `type`, which is `/problems/<name>`.
    let name: String
    let title: String
    let status: Int

    init(_ status: Int, _ name: String, _ title: String) {
        self.status = status
        self.name = name
        self.title = title
    }
}

extension ProblemKind {
    // The request as a whole
    static let malformedRequest = Self(400, "malformed-request", "The request is not valid HTTP")
    static let headTooLarge = Self(431, "head-too-large", "The head of the request is too large")
    static let requestTimeout = Self(408, "request-timeout", "The request took too long to arrive")
    static let notFound = Self(404, "not-found", "There is nothing at this path")
    static let methodNotAllowed = Self(405, "method-not-allowed", "The method is not allowed here")
    static let invalidPath = Self(400, "invalid-path", "A part of the path is not valid")
    static let invalidQuery = Self(400, "invalid-query", "A query parameter is not valid")
    static let invalidHeader = Self(400, "invalid-header", "A header field is missing or not valid")
    static let mediaType = Self(415, "unsupported-media-type", "The body is not JSON")
    static let encoding = Self(415, "unsupported-encoding", "The body is encoded")
    static let bodyTooLarge = Self(413, "body-too-large", "The body is too large")
    static let malformedBody = Self(400, "malformed-body", "The body cannot be read")
    static let invalidBody = Self(422, "invalid-body", "A field of the body is not valid")

    // What the intent or the SKU says to it
    static let tokenConflict = Self(
        422, "token-conflict", "The token is known with another payload")
    static let commandConflict = Self(
        422, "command-conflict", "The Idempotency-Key is known with another command")
    static let unknownToken = Self(404, "unknown-token", "No intent has this token")
    static let unknownSKU = Self(404, "unknown-sku", "No SKU has this name")
    static let undecided = Self(409, "undecided", "The order is not decided yet")
    static let unknownLine = Self(422, "unknown-line", "The order has no such line")
    static let wrongState = Self(409, "wrong-state", "The intent's state does not allow this")
    static let shortfall = Self(409, "shortfall", "The hold has expired and its units cannot be taken again")
    static let belowCommitted = Self(
        409, "below-committed", "The adjustment would take units that are held or sold")
    static let versionMismatch = Self(412, "version-mismatch", "The SKU has another version")
    static let holdLimit = Self(409, "hold-limit", "The hold would last too long")
    static let deadlinePassed = Self(409, "deadline-passed", "The deadline has passed")
    static let tooMany = Self(409, "too-many", "The intent has fewer units")
    static let stockLimit = Self(409, "stock-limit", "The SKU would have too many units")

    // What is away or full; all of these carry Retry-After
    static let queueFull = Self(503, "queue-full", "The queue is full")
    static let brokerUnavailable = Self(503, "broker-unavailable", "The broker cannot be reached")
    static let publishTimeout = Self(503, "publish-timeout", "The broker did not confirm in time")
    static let notRoutable = Self(503, "queue-missing", "The partition's queue does not exist")
    static let databaseUnavailable = Self(503, "database-unavailable", "The database cannot be reached")
    static let overloaded = Self(503, "overloaded", "Too many requests are under way")
    static let internalError = Self(500, "internal-error", "Weir has made a mistake")
}

/// What exactly is wrong in one place of a request.
struct ProblemPlace: Sendable {
    enum Place: Sendable {
        /// A JSON pointer into the body, `/quantity`.
        case pointer(String)
        case header(String)
        case parameter(String)
    }
    let place: Place
    let detail: String
}

/// An error answer: what is wrong, where, and the remedy.
struct Problem: Error, Sendable {
    let kind: ProblemKind
    let detail: String
    var places: [ProblemPlace] = []
    /// Members of the problem's own, such as the intent as it stands.
    var subject: (@Sendable (inout JSONWriter) -> Void)?
    var retryAfterSeconds: Int?
    var allow: String?
    /// Whether the connection ends behind this answer, because the rest of the request is not worth reading.
    var closes = false

    init(_ kind: ProblemKind, _ detail: String, retryAfterSeconds: Int? = nil) {
        self.kind = kind
        self.detail = detail
        // Whoever meets a server that is away needs to know when to come back.
        self.retryAfterSeconds = retryAfterSeconds ?? (kind.status == 503 ? 1 : nil)
    }

    init(_ kind: ProblemKind, header: String, _ detail: String) {
        self.init(kind, detail)
        places = [ProblemPlace(place: .header(header), detail: detail)]
    }

    init(_ kind: ProblemKind, parameter: String, _ detail: String) {
        self.init(kind, detail)
        places = [ProblemPlace(place: .parameter(parameter), detail: detail)]
    }

    /// A body that could not be read: 400 when it is no JSON object, 422 when a field of it is wrong.
    init(_ refusal: WireRefusal) {
        switch refusal.code {
        case .malformedJSON: self.init(.malformedBody, refusal.detail)
        case .tooLarge: self.init(.bodyTooLarge, refusal.detail)
        default: self.init(.invalidBody, refusal.detail)
        }
        if let field = refusal.field {
            places = [ProblemPlace(place: .pointer("/" + pointerEscaped(field)), detail: refusal.detail)]
        }
    }

    var body: [UInt8] {
        JSONWriter.object(capacity: 384) { json in
            json.member("type", "/problems/" + kind.name)
            json.member("title", kind.title)
            json.member("status", Int64(kind.status))
            json.member("detail", detail)
            if !places.isEmpty {
                json.member("errors", array: places) { json, place in
                    switch place.place {
                    case .pointer(let pointer): json.member("pointer", pointer)
                    case .header(let name): json.member("header", name)
                    case .parameter(let name): json.member("parameter", name)
                    }
                    json.member("detail", place.detail)
                }
            }
            subject?(&json)
        }
    }
}

/// A field's name as one step of a JSON pointer (RFC 6901).
private func pointerEscaped(_ field: String) -> String {
    field.reduce(into: "") { text, character in
        switch character {
        case "~": text += "~0"
        case "/": text += "~1"
        default: text.append(character)
        }
    }
}
