/// Decides a batch: a pure function of what was read and what was asked.
///
/// First the lines that an earlier batch could not serve to their end; then the commands in their order; then holds
/// that have come due expire, so that a confirm that was already waiting wins. Every command leaves one event that is
/// its outcome. Units that come free go to the next in line at once, to at most `grantLimit` intents.
public func decide(
    _ commands: [Command], in snapshot: Snapshot, grantLimit: Int = Line.grantLimit
) -> Decision {
    var desk = Desk(snapshot, grantLimit: grantLimit)
    desk.prepare(for: commands)
    for sku in snapshot.unserved { desk.serveLine(of: sku) }
    for (position, command) in commands.enumerated() {
        desk.cause = position
        desk.decide(command)
    }
    desk.cause = nil
    for intent in snapshot.due { desk.expire(intent.token) }
    for order in snapshot.orders.due { desk.look(at: order) }
    return desk.decision()
}

extension Line {
    /// The most intents of a line that get their units in one batch.
    public static let grantLimit = 1_000
}

extension Desk {
    mutating func decide(_ command: Command) {
        switch command {
        case .submit(let submit): decide(submit)
        case .discard(let submit): discard(submit)
        case .confirm(let change): answer(command, change.id, change.sku) { $0.confirm(change) }
        case .cancel(let change): answer(command, change.id, change.sku) { $0.cancel(change) }
        case .extend(let wish): answer(command, wish.id, wish.sku) { $0.extend(wish) }
        case .define(let definition):
            answer(command, definition.id, definition.sku) { $0.define(definition) }
        case .adjust(let adjustment):
            answer(command, adjustment.id, adjustment.sku) { $0.adjust(adjustment) }
        case .order(let command): decide(command)
        }
    }

    /// A command takes effect once: a known id repeats its result, or is a conflict when it asks for something else.
    ///
    /// `act` returns the result and has told the event itself when it is `.done`.
    private mutating func answer(
        _ command: Command, _ id: CommandID, _ sku: SKU, _ act: (inout Desk) -> CommandResult
    ) {
        if let known = result(of: id) {
            let repeated =
                known.payload.utf8.elementsEqual(command.payload.utf8)
                ? known.result.replayed() : CommandResult(.refused(.commandConflict), .nothing)
            tell(.answered(kind: command.kind, id: id.text, sku: sku, result: repeated))
            return
        }
        let eventsBefore = eventCount
        let result = act(&self)
        keep(StoredResult(id: id, payload: command.payload, result: result))
        if eventCount == eventsBefore {
            tell(.answered(kind: command.kind, id: id.text, sku: sku, result: result))
        }
    }
}
