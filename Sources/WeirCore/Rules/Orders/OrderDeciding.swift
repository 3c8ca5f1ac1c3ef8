extension Desk {
    /// Decides a command about an order, or follows what another partition says of one.
    mutating func decide(_ command: OrderCommand) {
        switch command {
        case .submit(let submit): decide(submit)
        case .discard(let submit): discard(submit)
        case .confirm(let change): answer(command, change.id) { $0.confirm(change) }
        case .cancel(let change): answer(command, change.id) { $0.cancel(change) }
        case .extend(let wish): answer(command, wish.id) { $0.extend(wish) }
        case .message(let message): decide(message)
        }
    }

    /// No sender waits for what a message leads to; who waits for the order stands in its row.
    private mutating func decide(_ message: OrderMessage) {
        let position = cause
        cause = nil
        defer { cause = position }
        switch message {
        case .image(let order): follow(order)
        case .answer(let answer): gather(answer)
        case .inquiry(let inquiry): reply(to: inquiry)
        }
    }

    /// A command takes effect once: a known id repeats its result, or is a conflict when it asks for something else.
    ///
    /// `act` returns the result, or nil when that comes in a later batch, and has told the event itself when it is
    /// `.done`.
    private mutating func answer(
        _ command: OrderCommand, _ id: CommandID, _ act: (inout Desk) -> CommandResult?
    ) {
        func answered(_ result: CommandResult) -> Happening {
            .order(.answered(kind: command.kind, id: id.text, order: command.order, result: result))
        }
        if let known = result(of: id) {
            let isSame = known.payload.utf8.elementsEqual(command.payload.utf8)
            return tell(
                answered(
                    isSame ? known.result.replayed() : CommandResult(.refused(.commandConflict), .nothing)))
        }
        let eventsBefore = eventCount
        guard let result = act(&self) else { return }
        // What can be different in a moment is no result for ever: the same command may be sent again.
        if !result.isPassing { keep(StoredResult(id: id, payload: command.payload, result: result)) }
        if eventCount == eventsBefore { tell(answered(result)) }
    }

    /// The order of a command, if this partition coordinates it; else why not.
    func find(_ order: Token) -> (row: OrderRow?, refusal: CommandResult?) {
        guard let row = orders.row(order) else {
            return (nil, CommandResult(.refused(.unknownToken), .nothing))
        }
        guard row.order.coordinator == orders.partition else {
            return (nil, CommandResult(.refused(.wrongPartition), .order(row.order)))
        }
        guard !row.order.state.isUndecided else {
            return (row, CommandResult(.refused(.undecided), .order(row.order)))
        }
        return (row, nil)
    }
}

extension CommandResult {
    /// Whether the same command may have another result later.
    fileprivate var isPassing: Bool {
        verdict == .refused(.undecided) || verdict == .refused(.wrongPartition)
    }
}
