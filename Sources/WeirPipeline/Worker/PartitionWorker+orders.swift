import WeirCore

extension PartitionWorker {
    /// The most orders that a batch looks at because they have come due.
    static let dueOrderLimit = 200

    /// Starts anew with what the database says of orders.
    mutating func adoptOrders(_ store: some PartitionStore) throws(StoreError) {
        let forwarding = try store.forwarding()
        forwardedInStore = forwarding.forwarded
        messages.restart(forwarded: forwarding.forwarded, last: forwarding.last)
        holds.nextOrder = try store.nextOrderDeadline()
    }

    /// The orders that a batch has to look at by itself; asks only when one may have come due.
    func dueOrders(until: Timestamp?, _ store: some PartitionStore) throws(StoreError) -> [Token] {
        guard let until, let next = holds.nextOrder, next <= until else { return [] }
        return try store.dueOrders(until: until, limit: Self.dueOrderLimit)
    }

    /// A batch was committed: its messages wait to be forwarded, its deadlines to come.
    mutating func committedOrders(_ write: BatchWrite) {
        if let forwarded = write.forwarded { forwardedInStore = forwarded }
        let decision = write.decision.orders
        guard !decision.isEmpty else { return }
        for change in decision.rows { holds.considerOrder(change.after.dueAt) }
        for change in decision.parts { holds.considerOrder(change.after.guardAt) }
        messages.append(
            decision.addresses.map { address in
                AddressedEvent(write.events[Int(address.seq - write.headBefore) - 1], to: address.to)
            })
    }

    /// The cursor of the messages, if it has moved.
    var forwardedToWrite: Int64? { messages.forwarded > forwardedInStore ? messages.forwarded : nil }

    /// Sends messages that are unsent, and reads from the log what memory does not hold.
    mutating func forward<Ports: PartitionPorts>(
        _ ports: Ports, _ store: Ports.Store
    ) throws(TurnFailure) {
        guard !messages.isIdle else { return }
        let now = ports.now()
        messages.absorb(ports.messages.takeReceipts(), now: now, jitter: ports.jitter())
        if let missingAfter = messages.missingAfter {
            do throws(StoreError) {
                messages.supply(try store.readMessages(after: missingAfter, limit: Self.batchLimit))
            } catch {
                throw .store(error)
            }
        }
        let unsent = messages.takeUnsent(now: now)
        if !unsent.isEmpty { ports.messages.send(unsent, epoch: messages.epoch) }
    }
}

extension SnapshotRequest {
    /// Asks for what a command about an order needs: its row, its part and lines here, and the SKUs that it names here.
    mutating func add(
        _ command: OrderCommand, _ seen: inout Set<Token>, _ seenSKUs: inout Set<SKU>,
        isHome: (SKU) -> Bool
    ) {
        if seen.insert(command.order).inserted { orders.append(command.order) }
        let lines: [OrderLine]
        switch command {
        case .submit(let submit), .discard(let submit): lines = submit.lines
        case .message(.image(let order)): lines = order.lines
        case .confirm, .cancel, .extend, .message: return
        }
        for line in lines where isHome(line.sku) && seenSKUs.insert(line.sku).inserted {
            skus.append(line.sku)
        }
    }
}

extension BatchWrite {
    /// Events that answer a command of an earlier batch go to the sender who has waited since.
    mutating func addressAnswers() {
        for answer in decision.orders.answers {
            let position = Int(answer.seq - headBefore) - 1
            events[position].replyTo = answer.sender.replyTo
            events[position].correlationID = answer.sender.correlationID
        }
    }
}
