import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirProducer
import WeirWire

extension RequestHandler {
    /// `POST /v1/intents/{token}/confirm`, `…/cancel` and `…/extend`.
    func change(
        _ token: Token, _ verb: Target.IntentVerb, _ request: Request, _ caller: Caller
    ) async throws(Problem) -> Answer {
        let id = try commandID(request)
        let preference = try commandPreference(request)
        try BodyHeaders.check(
            request.headers, largestBody: settings.largestBody, isOptional: verb != .extend)
        let query = try QueryParameters(request.uri.query, knowing: ["sku"])
        let named = try query.sku()
        let bytes = try await request.bytes(upTo: settings.largestBody)
        var fields = try reading { () throws(WireRefusal) in
            bytes.isEmpty && verb != .extend
                ? JSONFields([(String, JSONValue)]()) : try JSONFields(bytes)
        }
        // Read before the SKU is looked up: what is wrong is said at once, and costs nothing.
        let make = try reading { () throws(WireRefusal) in
            try Self.change(token, verb, id, &fields)
        }
        try await requireOwn(token, caller)
        let sku: SKU
        if let named { sku = named } else { sku = try await self.sku(of: token) }
        let command = make(sku)
        if case .cancel(let change) = command, change.quantity != nil {
            // Sent twice without a key it would give back twice.
            _ = try IdempotencyKey.require(request.headers)
        }
        return try await perform(command, id, preference, request, location: Self.location(token, sku))
    }

    /// What a body asks of an intent, once its SKU is known.
    private static func change(
        _ token: Token, _ verb: Target.IntentVerb, _ id: CommandID, _ fields: inout JSONFields
    ) throws(WireRefusal) -> (SKU) -> Command {
        switch verb {
        case .confirm:
            try fields.end(knowing: "none: the path and the header say everything")
            return { .confirm(IntentChange(id: id, token: token, sku: $0)) }
        case .cancel:
            let quantity = try IntentChange.readQuantity(from: &fields)
            return { .cancel(IntentChange(id: id, token: token, sku: $0, quantity: quantity)) }
        case .extend:
            let holdUntil = try Extension.readHoldUntil(from: &fields)
            return { .extend(Extension(id: id, token: token, sku: $0, holdUntil: holdUntil)) }
        }
    }

    /// `PUT /v1/skus/{sku}`.
    func define(_ sku: SKU, _ request: Request) async throws(Problem) -> Answer {
        let id = try commandID(request)
        let preference = try commandPreference(request)
        let match = try IfMatch.read(request.headers)
        var fields = try await body(of: request)
        let definition = try reading { () throws(WireRefusal) in
            try Definition(id: id, sku: sku, ifVersion: match, from: &fields)
        }
        return try await perform(
            .define(definition), id, preference, request, location: "/v1/skus/\(sku.text)")
    }

    /// `POST /v1/skus/{sku}/adjustments`. The key is required: sent twice without one it would count twice.
    func adjust(_ sku: SKU, _ request: Request) async throws(Problem) -> Answer {
        let id = CommandID(unchecked: try IdempotencyKey.require(request.headers).text)
        let preference = try commandPreference(request)
        var fields = try await body(of: request)
        let adjustment = try reading { () throws(WireRefusal) in
            try Adjustment(id: id, sku: sku, from: &fields)
        }
        return try await perform(
            .adjust(adjustment), id, preference, request, location: "/v1/skus/\(sku.text)")
    }

    /// Publishes a command and waits for what becomes of it.
    private func perform(
        _ command: Command, _ commandID: CommandID, _ preference: Preference, _ request: Request,
        location: String
    ) async throws(Problem) -> Answer {
        let start = monotonicNanoseconds()
        let id = producer.nextID()
        var waiter: OutcomeDesk.Waiter?
        if preference.waitSeconds > 0 {
            waiter = desk.expect(id, forSeconds: Double(preference.waitSeconds))
            guard waiter != nil else { throw Self.tooManyWait }
        }
        do throws(Problem) {
            try await publish(command, id: id, trace: TraceParent(request.headers))
        } catch {
            if waiter != nil { desk.dismiss(id) }
            throw error
        }
        var answer: Answer?
        if let waiter {
            answer = try await outcome(of: id, waiter, seconds: preference.waitSeconds, since: start) {
                happening throws(Problem) in
                try self.answer(happening, to: command)
            } lookUp: { () throws(Problem) in
                try await self.result(of: commandID, command)
            }
        }
        var given = answer ?? Self.underWay(command, commandID, location)
        if let applied = preference.applied { given.fields[.preferenceApplied] = applied }
        return given
    }

    private static func underWay(_ command: Command, _ id: CommandID, _ location: String) -> Answer {
        var answer = Answer(
            .accepted,
            JSONWriter.object { json in
                json.member("command", command.kind.rawValue)
                json.member("id", id.text)
                if let token = command.token { json.member("token", token.text) }
                if let sku = command.sku { json.member("sku", sku.text) }
                json.member("status", "queued")
            })
        answer.fields[.location] = location
        return answer
    }

    /// What the database knows of a command whose outcome was not heard.
    private func result(of id: CommandID, _ command: Command) async throws(Problem) -> Answer? {
        guard case .found(let stored?) = await lookUps.command(id) else { return nil }
        let isSame = stored.payload.utf8.elementsEqual(command.payload.utf8)
        return try answer(
            isSame ? stored.result : CommandResult(.refused(.commandConflict), .nothing), to: command)
    }

    /// The SKU of an intent that the client did not name: this ingress's own memory spares the look-up.
    private func sku(of token: Token) async throws(Problem) -> SKU {
        if let queued = memory[token] { return queued.sku }
        switch await lookUps.intent(token) {
        case .found(.intent(let intent, _)): return intent.sku
        case .found: throw Self.unknown(token)
        case .away: throw Self.databaseAway("give the SKU in ?sku= to do without it")
        }
    }

    private func body(of request: Request) async throws(Problem) -> JSONFields {
        try BodyHeaders.check(request.headers, largestBody: settings.largestBody)
        _ = try QueryParameters(request.uri.query, knowing: [])
        return try await request.jsonFields(upTo: settings.largestBody)
    }

    func commandPreference(_ request: Request) throws(Problem) -> Preference {
        try Preference.read(
            request.headers, limit: settings.waitLimitSeconds, otherwise: settings.commandWaitSeconds)
    }

    /// The client's name for the command, or a random one when it does not care.
    func commandID(_ request: Request) throws(Problem) -> CommandID {
        if let token = try IdempotencyKey.read(request.headers) { return CommandID(unchecked: token.text) }
        return CommandID(
            unchecked: "r-" + hexadecimal(.random(in: 0...UInt64.max), digits: 16)
                + hexadecimal(.random(in: 0...UInt64.max), digits: 16))
    }
}
