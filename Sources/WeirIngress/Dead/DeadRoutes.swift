import Glibc
import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirLive
import WeirWire

extension RequestHandler {
    /// Everything below `/v1/dead-letters` and `/v1/replays`.
    func answerDead(
        _ target: DeadTarget, _ request: Request, _ caller: Caller
    ) async throws(Problem) -> Answer {
        // Letters are everybody's: who acts for one buyer has no business here, whatever else he may do.
        guard caller.buyer == nil else { throw Problem.missingScope(.deadWrite) }
        let who = caller.name.isEmpty ? "http" : caller.name
        let isReading = request.method == .get || request.method == .head
        switch target {
        case .letters where isReading: return try await listLetters(request)
        case .groups where isReading: return try await groupLetters(request)
        case .export where isReading: return try await exportLetters(request, who)
        case .imports where request.method == .post: return try await importLetters(request, who)
        case .discard where request.method == .post:
            return try await changeLetters(request, who, discards: true)
        case .restore where request.method == .post:
            return try await changeLetters(request, who, discards: false)
        case .letter(let id) where isReading: return try await showLetter(id, request)
        case .letter(let id) where request.method == .patch: return try await editLetter(id, request, who)
        case .replays where isReading: return try await listReplays(request)
        case .replays where request.method == .post: return try await beginReplay(request, who)
        case .replay(let id) where isReading: return try await showReplay(id, request)
        case .stop(let id) where request.method == .post: return try await stopReplay(id, request)
        case .resume(let id) where request.method == .post: return try await resumeReplay(id, request)
        default:
            var problem = Problem(
                .methodNotAllowed,
                "\(printable(request.method.rawValue)) is not possible here; allowed are \(target.methods)")
            problem.allow = target.methods
            throw problem
        }
    }

    private static let filterNames = [
        "sku", "reason", "fault", "type", "token", "partition", "state", "since", "until", "text",
    ]
    private static var now: Timestamp { Timestamp(microseconds: Int64(time(nil)) * 1_000_000) }

    // MARK: Looking

    private func page(
        _ request: Request, largest: Int
    ) throws(Problem) -> (filter: DeadLetterFilter, limit: Int, after: Int64) {
        let query = try QueryParameters(request.uri.query, knowing: Self.filterNames + ["limit", "after"])
        var filter = DeadLetterFilter()
        for name in Self.filterNames {
            guard let value = query[name] else { continue }
            do throws(WireRefusal) {
                try filter.set(name, value, now: Self.now)
            } catch {
                throw Problem(.invalidQuery, parameter: name, error.detail)
            }
        }
        let limit = try query.integer("limit", in: 1...largest) ?? min(100, largest)
        return (filter, limit, Int64(try query.integer("after", in: 0...999_999_999) ?? 0))
    }

    private func listLetters(_ request: Request) async throws(Problem) -> Answer {
        let (filter, limit, after) = try page(request, largest: 1_000)
        let letters = try await dead.ask { try $0.list(filter, after: after, limit: limit + 1) }
        return Answer(
            .ok,
            JSONWriter.object { json in
                json.member("dead_letters", array: letters.prefix(limit)) { $1.write(to: &$0) }
                if letters.count > limit { json.member("next", letters[limit - 1].id) }
            })
    }

    private func groupLetters(_ request: Request) async throws(Problem) -> Answer {
        let (filter, limit, _) = try page(request, largest: 1_000)
        let groups = try await dead.ask { try $0.groups(filter, limit: limit) }
        return Answer(.ok, JSONWriter.object { $0.member("groups", array: groups) { $1.write(to: &$0) } })
    }

    private func showLetter(_ id: Int64, _ request: Request) async throws(Problem) -> Answer {
        _ = try QueryParameters(request.uri.query, knowing: [])
        let (letter, history) = try await dead.ask { (try $0.letter(id), try $0.history(of: id)) }
        guard let letter else { throw Self.unknownLetter(id) }
        return Answer(
            .ok,
            JSONWriter.object { json in
                letter.write(to: &json)
                json.member("history", array: history) { $1.write(to: &$0) }
            })
    }

    private static func unknownLetter(_ id: Int64) -> Problem {
        Problem(.unknownDeadLetter, "there is no dead letter \(id); GET /v1/dead-letters lists them")
    }

    private func exportLetters(_ request: Request, _ who: String) async throws(Problem) -> Answer {
        let (filter, limit, after) = try page(request, largest: 100)
        let lines = try await dead.ask { shelf in
            let letters = try shelf.list(filter, after: after, limit: limit, bodies: true)
            try shelf.note("exported \(letters.count) letters", Signature(who: who))
            return letters.flatMap { letter in
                JSONWriter.object { letter.write(to: &$0) } + [UInt8(ascii: "\n")]
            }
        }
        var answer = Answer(.ok, lines)
        answer.mediaType = .jsonLines
        return answer
    }

    // MARK: Changing

    private func importLetters(_ request: Request, _ who: String) async throws(Problem) -> Answer {
        _ = try QueryParameters(request.uri.query, knowing: [])
        let media = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased()
        guard media == "application/x-ndjson" else {
            throw Problem(
                .mediaType, header: "Content-Type", "send the lines of an export as application/x-ndjson")
        }
        let bytes = try await request.bytes(upTo: 8 << 20)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(
            Array.init)
        let outcome = try await dead.ask {
            try $0.importLines(lines, Signature(who: who), now: Self.now)
        }
        return Answer(
            .ok,
            JSONWriter.object { json in
                json.member("imported", Int64(outcome.imported))
                json.member("known", Int64(outcome.known))
                json.member("bad", array: outcome.bad) { json, bad in
                    json.member("line", Int64(bad.line))
                    json.member("detail", bad.detail)
                }
            })
    }

    private func changeLetters(_ request: Request, _ who: String, discards: Bool) async throws(Problem)
        -> Answer
    {
        var fields = try await deadBody(request)
        let order = try Self.order(&fields, who, needsReason: discards)
        try reading { () throws(WireRefusal) in try fields.end(knowing: "where, limit, why") }
        let (amqpURL, logger) = (dead.amqpURL, dead.logger)
        let outcome = try await dead.ask { shelf in
            discards
                ? try shelf.discard(
                    order.filter, limit: order.limit, order.signature, amqpURL: amqpURL, logger: logger)
                : try shelf.restore(order.filter, limit: order.limit, order.signature)
        }
        return Answer(
            .ok,
            JSONWriter.object { json in
                json.member("letters", Int64(outcome.letters))
                if discards { json.member("intents_rejected", Int64(outcome.intents)) }
                if !discards { json.member("refused", Int64(outcome.refused)) }
            })
    }

    private func editLetter(_ id: Int64, _ request: Request, _ who: String) async throws(Problem) -> Answer {
        var fields = try await deadBody(request)
        var edit = LetterEdit()
        let why = try Self.text("why", &fields) ?? ""
        edit.type = try Self.text("type", &fields)
        switch fields.take("body") {
        case nil: break
        case .text(let text): edit.body = Array(text.utf8)
        case .object(let object): edit.body = object.json
        case .some(let value): throw Self.invalid("body", "must be an object or a string, not \(value.kind)")
        }
        switch fields.take("set") {
        case nil: break
        case .object(let members):
            edit.members = members.pairs.map { ($0.name, $0.value == .null ? nil : $0.value) }
        case .some(let value): throw Self.invalid("set", "must be an object, not \(value.kind)")
        }
        try reading { () throws(WireRefusal) in try fields.end(knowing: "body, set, type, why") }
        let letter = try await dead.ask { [edit] in try $0.edit(id, edit, Signature(who: who, why: why)) }
        return Answer(.ok, JSONWriter.object { letter.write(to: &$0) })
    }

    // MARK: Replays

    private func beginReplay(_ request: Request, _ who: String) async throws(Problem) -> Answer {
        var fields = try await deadBody(request)
        let chosen = try Self.order(&fields, who, needsReason: false)
        var order = ReplayOrder(chosen.filter, chosen.signature)
        order.limit = Int64(chosen.limit)
        order.asNew = try Self.flag("as_new", &fields)
        order.isDryRun = try Self.flag("dry_run", &fields)
        switch fields.take("rate") {
        case nil: break
        case .integer(let number) where ReplayOrder.rateRange.contains(Double(number)):
            order.rate = Double(number)
        case .otherNumber(let text):
            guard let number = Double(text), ReplayOrder.rateRange.contains(number) else { fallthrough }
            order.rate = number
        default:
            throw Self.invalid("rate", "must be a number of letters a second, from 0.1 to 100000")
        }
        try reading { () throws(WireRefusal) in
            try fields.end(knowing: "where, limit, rate, as_new, dry_run, why")
        }
        return try await accepted(try await dead.begin(.begin(order)))
    }

    private func resumeReplay(_ id: Int64, _ request: Request) async throws(Problem) -> Answer {
        try await expectNoBody(request)
        return try await accepted(try await dead.begin(.resume(id)))
    }

    private func accepted(_ id: Int64) async throws(Problem) -> Answer {
        let view = try await dead.ask { try $0.replay(id) }
        guard let view else { throw Self.unknownReplay(id) }
        var answer = Answer(.accepted, JSONWriter.object { view.write(to: &$0) })
        answer.fields[.location] = "/v1/replays/\(id)"
        return answer
    }

    private func showReplay(_ id: Int64, _ request: Request) async throws(Problem) -> Answer {
        _ = try QueryParameters(request.uri.query, knowing: [])
        guard let view = try await dead.ask({ try $0.replay(id) }) else { throw Self.unknownReplay(id) }
        return Answer(.ok, JSONWriter.object { view.write(to: &$0) })
    }

    private func listReplays(_ request: Request) async throws(Problem) -> Answer {
        let query = try QueryParameters(request.uri.query, knowing: ["limit"])
        let limit = try query.integer("limit", in: 1...1_000) ?? 100
        let views = try await dead.ask { try $0.replays(limit: limit) }
        return Answer(.ok, JSONWriter.object { $0.member("replays", array: views) { $1.write(to: &$0) } })
    }

    private func stopReplay(_ id: Int64, _ request: Request) async throws(Problem) -> Answer {
        try await expectNoBody(request)
        let view = try await dead.ask { shelf in
            _ = try shelf.askReplayToStop(id)
            return try shelf.replay(id)
        }
        guard let view else { throw Self.unknownReplay(id) }
        return Answer(.ok, JSONWriter.object { view.write(to: &$0) })
    }

    private static func unknownReplay(_ id: Int64) -> Problem {
        Problem(.unknownReplay, "there is no replay \(id); GET /v1/replays lists them")
    }

    // MARK: Bodies

    private func deadBody(_ request: Request) async throws(Problem) -> JSONFields {
        _ = try QueryParameters(request.uri.query, knowing: [])
        try BodyHeaders.check(request.headers, largestBody: settings.largestBody)
        return try await request.jsonFields(upTo: settings.largestBody)
    }

    private func expectNoBody(_ request: Request) async throws(Problem) {
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

    private static func order(
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

    private static func text(_ name: String, _ fields: inout JSONFields) throws(Problem) -> String? {
        switch fields.take(name) {
        case nil: return nil
        // PostgreSQL knows no NUL.
        case .text(let text) where !text.utf8.contains(0): return text
        default: throw invalid(name, "must be a string without NUL")
        }
    }

    private static func flag(_ name: String, _ fields: inout JSONFields) throws(Problem) -> Bool {
        switch fields.take(name) {
        case nil: return false
        case .flag(let flag): return flag
        case .some(let value): throw invalid(name, "must be true or false, not \(value.kind)")
        }
    }

    private static func invalid(_ name: String, _ problem: String) -> Problem {
        Problem(WireRefusal(.invalidField, at: name, "the field '\(name)' \(problem)"))
    }
}
