import HTTPTypes
import WeirCore
import WeirWire

/// The header `Idempotency-Key`: the client's name for what it asks, so that asking twice does it once.
enum IdempotencyKey {
    private static let remedy =
        "send one key of \(Token.form), bare or as a string in quotes, and the same key with every retry"

    /// The key; nil when there is none.
    static func read(_ fields: HTTPFields) throws(Problem) -> Token? {
        var values = fields[values: .idempotencyKey].makeIterator()
        guard let value = values.next() else { return nil }
        guard values.next() == nil else { throw invalid("occurs more than once") }
        guard !value.isEmpty else { throw invalid("is empty") }
        guard value.utf8.first == UInt8(ascii: "\"") else {
            guard let token = Token(value) else { throw invalid("is not valid") }
            return token
        }
        guard let text = unquoted(value) else { throw invalid("is no string after RFC 8941") }
        guard !text.isEmpty else { throw invalid("is empty") }
        guard let token = Token(text) else { throw invalid("is not valid") }
        return token
    }

    /// The key, which must be there.
    static func require(_ fields: HTTPFields) throws(Problem) -> Token {
        guard let token = try read(fields) else { throw invalid("is missing") }
        return token
    }

    private static func invalid(_ what: String) -> Problem {
        Problem(.invalidHeader, header: "Idempotency-Key", "the header Idempotency-Key \(what); \(remedy)")
    }

    /// The text of a structured string (RFC 8941, 3.3.3), which knows the escapes `\"` and `\\` only.
    static func unquoted(_ value: String) -> String? {
        var text: [UInt8] = []
        var rest = value.utf8.dropFirst().makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "\""): return rest.next() == nil ? String(decoding: text, as: UTF8.self) : nil
            case UInt8(ascii: "\\"):
                guard let escaped = rest.next(),
                    escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\")
                else { return nil }
                text.append(escaped)
            case 0x20...0x7E: text.append(byte)
            default: return nil
            }
        }
        return nil
    }
}

/// The header `Prefer` (RFC 7240): whether and how long the client wants to wait for the outcome.
struct Preference: Sendable {
    /// How long to wait, in seconds; 0 answers at once.
    var waitSeconds: Int
    /// What of the client's wishes was followed, for `Preference-Applied`; nil when it had none.
    var applied: String?

    /// Unknown preferences are ignored, as the RFC wants it; a wait that is no number is refused, since a client
    /// that meant to wait would get another answer than it expects.
    static func read(_ fields: HTTPFields, limit: Int, otherwise: Int) throws(Problem) -> Preference {
        var wait: Int?
        var isAsynchronous = false
        for value in fields[values: .prefer] {
            // What nearly everybody sends says nothing else.
            if value.utf8.starts(with: "wait=".utf8), let seconds = wholeNumber(value.dropFirst(5)) {
                wait = wait ?? min(seconds, limit)
                continue
            }
            for part in value.split(separator: ",") {
                let wish = part.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
                if wish == "respond-async" { isAsynchronous = true }
                guard wish.hasPrefix("wait=") || wish == "wait" else { continue }
                var number = wish.dropFirst(5)
                if number.count > 1, number.first == "\"", number.last == "\"" {
                    number = number.dropFirst().dropLast()
                }
                guard let seconds = wholeNumber(number) else {
                    throw Problem(
                        .invalidHeader, header: "Prefer",
                        "the preference 'wait' in the header Prefer must be a whole number of seconds, as in wait=10"
                    )
                }
                // The first one counts (RFC 7240, 2).
                wait = wait ?? min(seconds, limit)
            }
        }
        if let wait { return Preference(waitSeconds: wait, applied: "wait=\(wait)") }
        if isAsynchronous { return Preference(waitSeconds: 0, applied: "respond-async") }
        return Preference(waitSeconds: otherwise, applied: nil)
    }
}

extension HTTPFields {
    /// The value of a field, as the subscript has it, which puts several together; here one alone costs nothing.
    func text(_ name: HTTPField.Name) -> String? {
        var found: String?
        for field in self where field.name == name {
            guard found == nil else { return self[name] }
            found = field.value
        }
        return found
    }
}

extension TraceParent {
    /// The trace that the client keeps. One that is malformed, or two of them, count as none.
    init?(_ fields: HTTPFields) {
        guard let text = fields.text(.traceparent) else { return nil }
        self.init(text)
    }
}

/// The header `If-Match` (RFC 9110, 13.1.1): the version of the SKU that a change was made for.
enum IfMatch {
    /// The version that the SKU must have; nil when the client does not say.
    static func read(_ fields: HTTPFields) throws(Problem) -> VersionMatch? {
        var values = fields[values: .ifMatch].makeIterator()
        guard let value = values.next() else { return nil }
        if value == "*", values.next() == nil { return .any }
        let digits = value.dropFirst().dropLast()
        guard values.next() == nil, value.count > 2, value.first == "\"", value.last == "\"",
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let version = Int64(digits), version > 0
        else {
            throw Problem(
                .invalidHeader, header: "If-Match",
                "the header If-Match is not valid; send the ETag of the SKU as you read it, such as \"7\", or *"
                    + " for whichever there is")
        }
        return .exactly(version)
    }
}

/// What a request says about its body.
enum BodyHeaders {
    /// Refuses a body that is not plain JSON, or of another of these media types, or is announced as too large.
    static func check(
        _ fields: HTTPFields, largestBody: Int, isOptional: Bool = false,
        mediaTypes: [String] = ["application/json"]
    ) throws(Problem) {
        if let encoding = fields.text(.contentEncoding), encoding.lowercased() != "identity" {
            throw Problem(
                .encoding, header: "Content-Encoding",
                "the body is encoded as '\(printable(encoding))'; send it as it is, without Content-Encoding")
        }
        if let length = fields.text(.contentLength).flatMap({ Int($0) }), length > largestBody {
            throw tooLarge(largestBody)
        }
        guard let type = fields.text(.contentType) else {
            if isOptional { return }
            throw Problem(
                .mediaType, header: "Content-Type",
                "the header Content-Type is missing; send \(mediaTypes[0])")
        }
        if type == mediaTypes[0] { return }
        let media = type.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        guard mediaTypes.contains(media) else {
            throw Problem(
                .mediaType, header: "Content-Type",
                "the header Content-Type is '\(printable(type))'; send \(mediaTypes[0])")
        }
    }

    static func tooLarge(_ limit: Int) -> Problem {
        var problem = Problem(.bodyTooLarge, "the body has more than \(limit) bytes; send less")
        problem.closes = true
        return problem
    }
}
