import HTTPTypes
import WeirWire

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
    /// Where the client finds what it may be looking for.
    var location: String?
    /// What the quotas said, where they were asked.
    var rates: RateNotes?
    /// For `WWW-Authenticate`.
    var challenge: String?
    /// Whether the same was answered before to the same key.
    var isReplayed = false
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

    init(_ kind: ProblemKind, pointer: String, _ detail: String) {
        self.init(kind, detail)
        places = [ProblemPlace(place: .pointer(pointer), detail: detail)]
    }

    init(_ kind: ProblemKind, _ detail: String, _ flaws: [FieldFlaw]) {
        self.init(kind, detail)
        places = flaws.map { ProblemPlace(place: .pointer($0.pointer), detail: $0.detail) }
    }

    /// A body that could not be read: 400 when it is no JSON object, 422 when a field of it is wrong.
    init(_ refusal: WireRefusal) {
        switch refusal.code {
        case .malformedJSON: self.init(.malformedBody, refusal.detail, refusal.flaws)
        case .tooLarge: self.init(.bodyTooLarge, refusal.detail, refusal.flaws)
        default: self.init(.invalidBody, refusal.detail, refusal.flaws)
        }
    }

    var body: [UInt8] {
        JSONWriter.object(capacity: 384) { json in
            json.member("type", kind.type)
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
