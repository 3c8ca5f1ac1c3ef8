import HTTPTypes
import WeirCore
import WeirWire

extension RequestHandler {
    /// The answer that an outcome is to the sender of a command; nil for an event that says nothing to it.
    func answer(_ happening: Happening, to command: Command) throws(Problem) -> Answer? {
        switch happening {
        case .intent(let intent, _, _), .extended(let intent, _), .returned(let intent, _, _):
            return Answer(intent)
        case .crossed, .order: return nil
        case .shortfall(let intent, _):
            throw Self.problem(.shortfall, .intent(intent), command, partitioning)
        case .conflict(let token, _): throw Self.tokenConflict(token)
        case .defined(let stock): return created(stock)
        case .adjusted(let stock, _, _):
            return Answer(stock, partition: partitioning.partition(of: stock.sku))
        case .answered(_, _, _, let result): return try answer(result, to: command)
        }
    }

    /// The answer that a result is, heard or read from the database.
    func answer(_ result: CommandResult, to command: Command) throws(Problem) -> Answer {
        if case .refused(let refusal) = result.verdict {
            var problem = Self.problem(refusal, result.subject, command, partitioning)
            problem.isReplayed = result.isReplayed
            throw problem
        }
        var answer =
            switch result.subject {
            case .intent(let intent): Answer(intent)
            case .stock(let stock) where command.kind == .define && result.verdict == .done: created(stock)
            case .stock(let stock): Answer(stock, partition: partitioning.partition(of: stock.sku))
            case .nothing, .order: Answer(.ok, JSONWriter.object { $0.member("status", "done") })
            }
        if result.isReplayed { answer.markReplayed() }
        return answer
    }

    /// A definition with version 1 has made its SKU.
    private func created(_ stock: Stock) -> Answer {
        let isNew = stock.version == 1
        var answer = Answer(
            stock, partition: partitioning.partition(of: stock.sku), status: isNew ? .created : .ok)
        if isNew { answer.fields[.location] = "/v1/skus/\(stock.sku.text)" }
        return answer
    }

    /// A refusal as a problem: the reason, how things stand, and the remedy.
    static func problem(
        _ refusal: Refusal, _ subject: Subject, _ command: Command, _ partitioning: Partitioning
    ) -> Problem {
        var problem: Problem
        switch refusal {
        case .unknownToken:
            problem = Problem(
                .unknownToken,
                "no intent of the SKU '\(command.sku?.text ?? "")' has the token '\(command.token?.text ?? "")'; submit"
                    + " it first, or correct the token or the SKU; an order is at /v1/orders/"
                    + (command.token?.text ?? ""))
        case .unknownSKU:
            problem = Problem(
                .unknownSKU,
                "the SKU '\(command.sku?.text ?? "")' is not defined; define it first with PUT /v1/skus/"
                    + (command.sku?.text ?? ""))
        case .wrongState:
            problem = Problem(
                .wrongState,
                "the intent is \(state(of: subject)), which does not allow this; read it, and submit a new one"
                    + " under a new key if it is still wanted")
        case .shortfall:
            problem = Problem(
                .shortfall,
                "the hold has expired and its units cannot be taken again: too few are left, or the buyer has as"
                    + " many as he may; pay him back, or confirm again under a new key after stock has come")
        case .belowCommitted:
            problem = Problem(
                .belowCommitted, pointer: "/delta",
                "'delta' would take units that are held or sold; take at most what is available")
        case .stockLimit:
            problem = Problem(
                .stockLimit, pointer: "/delta",
                "with this 'delta' the SKU would have more than \(StockLimit.stocked.upperBound) units; add fewer"
            )
        case .versionMismatch:
            problem = Problem(
                .versionMismatch, header: "If-Match",
                "the SKU has another version than the one in If-Match, and nothing has changed; read it, and decide"
                    + " anew what its policy shall be")
        case .holdLimit:
            problem = Problem(
                .holdLimit, pointer: "/hold_until",
                "the hold would last longer than the SKU's policy permits; ask for an earlier time, or raise the"
                    + " policy's 'max_hold_seconds'")
        case .deadlinePassed:
            problem = Problem(
                .deadlinePassed, pointer: "/hold_until",
                "the time in 'hold_until' has passed; ask for one in the future")
        case .tooMany:
            problem = Problem(
                .tooMany, pointer: "/quantity",
                "the intent has fewer units than you give back; read it, and give back at most those")
        case .undecided, .unknownLine, .wrongPartition:
            problem = Problem(.internalError, "an intent's command was answered as an order's")
        case .commandConflict:
            problem = Problem(
                .commandConflict, header: "Idempotency-Key",
                "the key is known with another command, and nothing has changed; repeat that one, or choose a"
                    + " new key")
        }
        problem.subject = { json in
            json.member("reason", refusal.rawValue)
            switch subject {
            case .intent(let intent): json.member("intent") { intent.write(to: &$0) }
            case .stock(let stock):
                json.member("stock") {
                    stock.write(to: &$0, partition: partitioning.partition(of: stock.sku))
                }
            case .nothing, .order: break
            }
        }
        return problem
    }

    private static func state(of subject: Subject) -> String {
        if case .intent(let intent) = subject { intent.state.rawValue } else { "not there" }
    }
}
