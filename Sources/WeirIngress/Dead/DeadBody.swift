import Glibc
import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirLive
import WeirWire

extension RequestHandler {
    func deadBody(_ request: Request) async throws(Problem) -> DeadBody {
        _ = try QueryParameters(request.uri.query, knowing: [])
        try BodyHeaders.check(request.headers, largestBody: settings.largestBody)
        return DeadBody(try await request.jsonFields(upTo: settings.largestBody))
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

/// Reads the body of a request about dead letters, member by member. What is wrong is noted, and ``end(knowing:)``
/// refuses all of it at once.
struct DeadBody {
    private var fields: JSONFields
    private var flaws = Flaws()

    init(_ fields: JSONFields) { self.fields = fields }

    /// This machine's clock: good enough for 'two hours ago'.
    static var now: Timestamp { Timestamp(microseconds: Int64(time(nil)) * 1_000_000) }

    /// Which letters, and how many of them at most.
    mutating func order(
        _ who: String, needsReason: Bool
    ) -> (filter: DeadLetterFilter, limit: Int, signature: Signature) {
        var filter = DeadLetterFilter()
        switch fields.take("where") {
        case .object(let conditions):
            flaws.read { () throws(WireRefusal) in
                do throws(WireRefusal) {
                    try filter.add(conditions, now: Self.now)
                } catch {
                    throw WireRefusal(error, inObject: "where")
                }
            }
        case nil: refuse("where", "is missing; say which letters, or {} for all that are open")
        case .some(let value): refuse("where", "must be an object, not \(value.kind)")
        }
        var limit = Int.max
        switch fields.take("limit") {
        case nil: break
        case .integer(let number) where number >= 1: limit = Int(number)
        default: refuse("limit", "must be a whole number of at least 1")
        }
        let why = text("why")
        if needsReason, why?.isEmpty ?? !isWrong("why") {
            refuse("why", "is missing; a discard needs a reason")
        }
        return (filter, limit, Signature(who: who, why: why ?? ""))
    }

    /// Whether a member is there with a value that cannot be read.
    private func isWrong(_ name: String) -> Bool { flaws.fields.contains(name) }

    /// A text; nil when it is absent.
    mutating func text(_ name: String) -> String? {
        switch fields.take(name) {
        case nil: return nil
        // PostgreSQL knows no NUL.
        case .text(let text) where !text.utf8.contains(0): return text
        default:
            refuse(name, "must be a string without NUL")
            return nil
        }
    }

    /// True or false; false when it is absent.
    mutating func flag(_ name: String) -> Bool {
        switch fields.take(name) {
        case nil: return false
        case .flag(let flag): return flag
        case .some(let value):
            refuse(name, "must be true or false, not \(value.kind)")
            return false
        }
    }

    /// A member of any kind; nil when it is absent.
    mutating func take(_ name: String) -> JSONValue? { fields.take(name) }

    /// Notes that a member is wrong.
    mutating func refuse(_ name: String, _ problem: String) {
        flaws.note(WireRefusal(.invalidField, at: name, "the field '\(name)' \(problem)"))
    }

    /// Refuses everything that was noted, and members that nobody took.
    mutating func end(knowing known: String) throws(Problem) {
        do throws(WireRefusal) {
            flaws.read { () throws(WireRefusal) in try fields.end(knowing: known) }
            try flaws.check()
        } catch {
            throw Problem(error)
        }
    }
}
