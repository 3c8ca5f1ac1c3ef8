import Glibc
import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirLive
import WeirWire

extension RequestHandler {
    func deadBody(_ request: Request) async throws(Problem) -> JSONFields {
        _ = try QueryParameters(request.uri.query, knowing: [])
        try BodyHeaders.check(request.headers, largestBody: settings.largestBody)
        return try await request.jsonFields(upTo: settings.largestBody)
    }

    func expectNoBody(_ request: Request) async throws(Problem) {
        _ = try QueryParameters(request.uri.query, knowing: [])
        try BodyHeaders.check(request.headers, largestBody: settings.largestBody, isOptional: true)
        let bytes = try await request.bytes(upTo: settings.largestBody)
        guard bytes.isEmpty else {
            try reading { () throws(WireRefusal) in
                try JSONFields(bytes).end(knowing: "none: the path says everything")
            }
            return
        }
    }
}

/// What the bodies of requests about dead letters have in common.
enum DeadBody {
    /// This machine's clock: good enough for 'two hours ago'.
    static var now: Timestamp { Timestamp(microseconds: Int64(time(nil)) * 1_000_000) }

    static func order(
        _ fields: inout JSONFields, _ who: String, needsReason: Bool
    ) throws(Problem) -> (filter: DeadLetterFilter, limit: Int, signature: Signature) {
        var filter = DeadLetterFilter()
        switch fields.take("where") {
        case .object(let conditions):
            do throws(WireRefusal) {
                try filter.add(conditions, now: now)
            } catch {
                throw invalid("where", error.detail)
            }
        case nil: throw invalid("where", "is missing; say which letters, or {} for all that are open")
        case .some(let value): throw invalid("where", "must be an object, not \(value.kind)")
        }
        var limit = Int.max
        switch fields.take("limit") {
        case nil: break
        case .integer(let number) where number >= 1: limit = Int(number)
        default: throw invalid("limit", "must be a whole number of at least 1")
        }
        let why = try text("why", &fields) ?? ""
        guard !needsReason || !why.isEmpty else {
            throw invalid("why", "is missing; a discard needs a reason")
        }
        return (filter, limit, Signature(who: who, why: why))
    }

    static func text(_ name: String, _ fields: inout JSONFields) throws(Problem) -> String? {
        switch fields.take(name) {
        case nil: return nil
        // PostgreSQL knows no NUL.
        case .text(let text) where !text.utf8.contains(0): return text
        default: throw invalid(name, "must be a string without NUL")
        }
    }

    static func flag(_ name: String, _ fields: inout JSONFields) throws(Problem) -> Bool {
        switch fields.take(name) {
        case nil: return false
        case .flag(let flag): return flag
        case .some(let value): throw invalid(name, "must be true or false, not \(value.kind)")
        }
    }

    static func invalid(_ name: String, _ problem: String) -> Problem {
        Problem(WireRefusal(.invalidField, at: name, "the field '\(name)' \(problem)"))
    }
}
