import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirLive
import WeirWire

/// Replays, which go on in the background while a client asks how far they are.
extension RequestHandler {
    func beginReplay(_ request: Request, _ who: String) async throws(Problem) -> Answer {
        var body = try await deadBody(request)
        let chosen = body.order(who, needsReason: false)
        var order = ReplayOrder(chosen.filter, chosen.signature)
        order.limit = Int64(chosen.limit)
        order.asNew = body.flag("as_new")
        order.isDryRun = body.flag("dry_run")
        switch body.take("rate") {
        case nil: break
        case .integer(let number) where ReplayOrder.rateRange.contains(Double(number)):
            order.rate = Double(number)
        case .otherNumber(let text):
            guard let number = Double(text), ReplayOrder.rateRange.contains(number) else { fallthrough }
            order.rate = number
        default: body.refuse("rate", "must be a number of letters a second, from 0.1 to 100000")
        }
        try body.end(knowing: "where, limit, rate, as_new, dry_run, why")
        return try await accepted(try await dead.begin(.begin(order)))
    }

    func resumeReplay(_ id: Int64, _ request: Request) async throws(Problem) -> Answer {
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

    func showReplay(_ id: Int64, _ request: Request) async throws(Problem) -> Answer {
        _ = try QueryParameters(request.uri.query, knowing: [])
        guard let view = try await dead.ask({ try $0.replay(id) }) else { throw Self.unknownReplay(id) }
        return Answer(.ok, JSONWriter.object { view.write(to: &$0) })
    }

    func listReplays(_ request: Request) async throws(Problem) -> Answer {
        let query = try QueryParameters(request.uri.query, knowing: ["limit"])
        let limit = try query.integer("limit", in: 1...1_000) ?? 100
        let views = try await dead.ask { try $0.replays(limit: limit) }
        return Answer(.ok, JSONWriter.object { $0.member("replays", array: views) { $1.write(to: &$0) } })
    }

    func stopReplay(_ id: Int64, _ request: Request) async throws(Problem) -> Answer {
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
}
