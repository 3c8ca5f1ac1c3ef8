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

    // MARK: Looking

    private func page(
        _ request: Request, largest: Int
    ) throws(Problem) -> (filter: DeadLetterFilter, limit: Int, after: Int64) {
        let query = try QueryParameters(request.uri.query, knowing: Self.filterNames + ["limit", "after"])
        var filter = DeadLetterFilter()
        for name in Self.filterNames {
            guard let value = query[name] else { continue }
            do throws(WireRefusal) {
                try filter.set(name, value, now: DeadBody.now)
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
}
