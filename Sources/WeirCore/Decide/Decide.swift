/// Decides a batch: a pure function of what was read and what was asked.
///
/// Commands are decided in their order; then holds that have come due expire, so that a confirm that was
/// already waiting wins. Every command leaves at least one event.
public func decide(_ commands: [Command], in snapshot: Snapshot) -> Decision {
    var desk = Desk(snapshot)
    for (position, command) in commands.enumerated() {
        desk.cause = position
        desk.decide(command)
    }
    desk.cause = nil
    for intent in snapshot.due { desk.expire(intent.token) }
    return desk.decision()
}

extension Desk {
    mutating func decide(_ command: Command) {
        switch command {
        case .submit(let submit): decide(submit)
        case .discard(let submit): discard(submit)
        case .confirm(let change): answer(command, change.id) { $0.confirm(change) }
        case .cancel(let change): answer(command, change.id) { $0.cancel(change) }
        case .define(let definition): answer(command, definition.id) { $0.define(definition) }
        case .adjust(let adjustment): answer(command, adjustment.id) { $0.adjust(adjustment) }
        }
    }

    /// A command takes effect once: a known id repeats its result, or is a conflict when it asks for something else.
    ///
    /// `act` returns the result and has told the event itself when it is `.done`.
    private mutating func answer(
        _ command: Command, _ id: CommandID, _ act: (inout Desk) -> CommandResult
    ) {
        if let known = result(of: id) {
            let repeated =
                known.payload.utf8.elementsEqual(command.payload.utf8)
                ? known.result : CommandResult(.refused(.commandConflict), .nothing)
            tell(.answered(kind: command.kind, id: id.text, sku: command.sku, result: repeated))
            return
        }
        let eventsBefore = eventCount
        let result = act(&self)
        keep(StoredResult(id: id, payload: command.payload, result: result))
        if eventCount == eventsBefore {
            tell(.answered(kind: command.kind, id: id.text, sku: command.sku, result: result))
        }
    }
}
