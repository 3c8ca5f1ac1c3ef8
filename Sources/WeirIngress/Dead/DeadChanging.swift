import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirLive
import WeirWire

/// Routes that change dead letters.
extension RequestHandler {
    func importLetters(_ request: Request, _ who: String) async throws(Problem) -> Answer {
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
            try $0.importLines(lines, Signature(who: who), now: DeadBody.now)
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

    func changeLetters(_ request: Request, _ who: String, discards: Bool) async throws(Problem)
        -> Answer
    {
        var body = try await deadBody(request)
        let order = body.order(who, needsReason: discards)
        try body.end(knowing: "where, limit, why")
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

    func editLetter(_ id: Int64, _ request: Request, _ who: String) async throws(Problem) -> Answer {
        var body = try await deadBody(request)
        var edit = LetterEdit()
        let why = body.text("why") ?? ""
        edit.type = body.text("type")
        switch body.take("body") {
        case nil: break
        case .text(let text): edit.body = Array(text.utf8)
        case .object(let object): edit.body = object.json
        case .some(let value): body.refuse("body", "must be an object or a string, not \(value.kind)")
        }
        switch body.take("set") {
        case nil: break
        case .object(let members):
            edit.members = members.pairs.map { ($0.name, $0.value == .null ? nil : $0.value) }
        case .some(let value): body.refuse("set", "must be an object, not \(value.kind)")
        }
        try body.end(knowing: "body, set, type, why")
        let letter = try await dead.ask { [edit] in try $0.edit(id, edit, Signature(who: who, why: why)) }
        return Answer(.ok, JSONWriter.object { letter.write(to: &$0) })
    }
}
