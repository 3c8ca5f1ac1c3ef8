import HTTPTypes
import HummingbirdCore
import WeirCore
import WeirProducer
import WeirWire

extension RequestHandler {
    /// `POST /v1/orders/{token}/confirm`, `…/cancel` and `…/extend`: the coordinator decides, so it must be known.
    func changeOrder(
        _ token: Token, _ verb: Target.OrderVerb, _ request: Request, _ caller: Caller
    ) async throws(Problem) -> Answer {
        let start = monotonicNanoseconds()
        let commandID = try commandID(request)
        let preference = try commandPreference(request)
        try BodyHeaders.check(request.headers, largestBody: settings.largestBody, isOptional: verb != .extend)
        _ = try QueryParameters(request.uri.query, knowing: [])
        let bytes = try await request.bytes(upTo: settings.largestBody)
        let command = try reading { () throws(WireRefusal) in
            try verb.command(commandID, token, bytes)
        }
        let partition = try await coordinator(of: token, caller)

        let id = producer.nextID()
        var waiter: OutcomeDesk.Waiter?
        if preference.waitSeconds > 0 {
            waiter = desk.expect(id, forSeconds: Double(preference.waitSeconds))
            guard waiter != nil else { throw Self.tooManyWait }
        }
        defer { desk.dismiss(id) }
        try await publish(
            .order(command), id: id, partition: partition, trace: TraceParent(request.headers))
        var answer: Answer?
        if let waiter {
            answer = try await outcome(of: id, waiter, seconds: preference.waitSeconds, since: start) {
                happening throws(Problem) in
                try Self.answer(happening, to: command)
            } lookUp: { () throws(Problem) in
                try await self.result(of: commandID, command)
            }
        }
        var given = answer ?? Self.underWay(command, commandID)
        if let applied = preference.applied { given.fields[.preferenceApplied] = applied }
        return given
    }

    /// The partition that decides an order: this ingress's own memory spares the look-up, unless the caller may act for
    /// one buyer only. Whose order it is the database alone can tell, and to others it does not exist.
    private func coordinator(of token: Token, _ caller: Caller) async throws(Problem) -> Int {
        if caller.buyer == nil, let queued = orderMemory[token] {
            return partitioning.coordinator(of: token, lines: queued.lines)
        }
        switch await lookUps.order(token) {
        case .found(.order(let order)) where caller.mayActFor(order.buyer): return order.coordinator
        case .found: throw Self.unknownOrder(token)
        case .away: throw Self.databaseAway("come back later")
        }
    }

    private static func underWay(_ command: OrderCommand, _ id: CommandID) -> Answer {
        var answer = Answer(
            .accepted,
            JSONWriter.object { json in
                json.member("command", command.kind.rawValue)
                json.member("id", id.text)
                json.member("token", command.order.text)
                json.member("status", "queued")
            })
        answer.fields[.location] = orderLocation(command.order)
        return answer
    }

    /// What the database knows of a command whose outcome was not heard.
    private func result(of id: CommandID, _ command: OrderCommand) async throws(Problem) -> Answer? {
        guard case .found(let stored?) = await lookUps.command(id) else { return nil }
        let isSame = stored.payload.utf8.elementsEqual(command.payload.utf8)
        return try Self.answer(
            isSame ? stored.result : CommandResult(.refused(.commandConflict), .nothing), to: command)
    }

    /// The answer that an outcome is to the sender of a command; nil for an event that says nothing to it.
    private static func answer(_ happening: Happening, to command: OrderCommand) throws(Problem) -> Answer? {
        guard case .order(let told) = happening else { return nil }
        switch told {
        case .state(let order, _): return order.state.isUndecided ? nil : Answer(order)
        case .shortfall(let order):
            throw orderProblem(CommandResult(.refused(.shortfall), .order(order)), .shortfall, command)
        case .answered(_, _, _, let result):
            var answer = try answer(result, to: command)
            if result.isReplayed { answer.markReplayed() }
            return answer
        case .part, .inquired, .told, .conflict: return nil
        }
    }

    private static func answer(_ result: CommandResult, to command: OrderCommand) throws(Problem) -> Answer {
        if case .refused(let refusal) = result.verdict { throw orderProblem(result, refusal, command) }
        guard case .order(let order) = result.subject else {
            return Answer(.ok, JSONWriter.object { $0.member("status", "done") })
        }
        return Answer(order)
    }

    /// A refusal as a problem: the reason, how the order stands, and the remedy.
    private static func orderProblem(
        _ result: CommandResult, _ refusal: Refusal, _ command: OrderCommand
    ) -> Problem {
        let state = if case .order(let order) = result.subject { order.state.rawValue } else { "not there" }
        var problem: Problem
        switch refusal {
        case .unknownToken:
            problem = Problem(
                .unknownToken,
                "no order has the token '\(command.order)'; submit it first, or correct the token; an intent is at"
                    + " /v1/intents/\(command.order)")
        case .shortfall:
            problem = Problem(
                .shortfall,
                "the order's hold has expired and not every line can be taken again; pay the buyer back, or"
                    + " confirm again under a new key after stock has come")
        case .undecided:
            problem = Problem(
                .undecided,
                "the order is \(state): its partitions have not all answered; ask again in a moment",
                retryAfterSeconds: 1)
        case .unknownLine:
            problem = unknownLine(result, command)
        case .holdLimit:
            problem = Problem(
                .holdLimit, pointer: "/hold_until",
                "the hold would last longer than a line's policy permits; ask for an earlier time, or raise"
                    + " 'max_hold_seconds'")
        case .deadlinePassed:
            problem = Problem(
                .deadlinePassed, pointer: "/hold_until",
                "the time in 'hold_until' has passed; ask for one in the future")
        case .commandConflict:
            problem = Problem(
                .commandConflict, header: "Idempotency-Key",
                "the key is known with another command, and nothing has changed; repeat that one, or choose a"
                    + " new key")
        case .wrongPartition:
            problem = Problem(
                .internalError, "the command reached another partition than the order's; nothing has changed")
        default:
            problem = Problem(
                .wrongState,
                "the order is \(state), which does not allow this; read it, and submit a new one under a new key"
                    + " if it is still wanted")
        }
        problem.isReplayed = result.isReplayed
        problem.subject = { json in
            json.member("reason", refusal.rawValue)
            if case .order(let order) = result.subject { json.member("order") { order.write(to: &$0) } }
        }
        return problem
    }
}

extension RequestHandler {
    /// Points at every number that is none of the order's.
    private static func unknownLine(_ result: CommandResult, _ command: OrderCommand) -> Problem {
        var problem = Problem(
            .unknownLine, "the order has no such line; read it, and name lines by their number")
        guard case .cancel(let change) = command, case .order(let order) = result.subject else {
            return problem
        }
        for (position, line) in change.lines.enumerated() where !order.lines.indices.contains(line - 1) {
            problem.places.append(
                ProblemPlace(
                    place: .pointer("/lines/\(position)"),
                    detail: "line \(line) is none of the order's, which has \(order.lines.count)"))
        }
        return problem
    }
}

extension Target.OrderVerb {
    /// The command that a request's path and body make.
    fileprivate func command(
        _ id: CommandID, _ order: Token, _ bytes: [UInt8]
    ) throws(WireRefusal) -> OrderCommand {
        var fields = bytes.isEmpty ? JSONFields([(String, JSONValue)]()) : try JSONFields(bytes)
        switch self {
        case .confirm:
            try fields.end(knowing: "none: the path and the header say everything")
            return .confirm(OrderChange(id: id, order: order))
        case .cancel:
            return .cancel(OrderChange(id: id, order: order, lines: try OrderChange.lines(from: &fields)))
        case .extend: return .extend(try OrderExtension(id: id, order: order, from: &fields))
        }
    }
}
