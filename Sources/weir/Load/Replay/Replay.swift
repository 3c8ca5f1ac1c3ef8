/// Sends the lines of a shop's file.
///
/// One publisher keeps the file's order where order matters, within a SKU: a line is sent when the broker has
/// confirmed the one before it of the same SKU, while lines of other SKUs are under way. Lines are taken from
/// the file one after another, and a line whose SKU is busy holds back those behind it.
struct Replay: Sendable {
    let client: WeirClient
    let book: ReplayBook
    /// How many lines may be on their way to acceptance at once.
    let window: Int
    /// Whether each SKU's lines keep their order.
    let keepsOrder: Bool
    let retrying = Retrying()

    /// Lines that are accepted but not yet known to be decided, at most: what bounds memory and the queues.
    private static let openLines = 2000
    /// Look-ups at a time.
    private static let lookups = 32

    /// Defines the SKUs with their initial stock; returns how many were there before.
    func define(_ demand: Demand) async throws -> Int {
        let slots = Slots(32)
        let existing = Counter()
        // A server that is not there at the start is a mistake, not an accident.
        let retrying = Retrying(patience: .seconds(5))
        try await withThrowingDiscardingTaskGroup { group in
            for (sku, item) in demand.items {
                await slots.take()
                try Task.checkCancellation()
                group.addTask {
                    defer { slots.giveBack() }
                    let isNew = try await retrying.call { () async throws(WeirClientError) in
                        do throws(WeirClientError) {
                            _ = try await client.sku(sku)
                            return false
                        } catch {
                            guard error.problem?.status == 404 else { throw error }
                            return true
                        }
                    }
                    if !isNew { _ = existing.next() }
                    _ = try await retrying.call { () async throws(WeirClientError) in
                        try await client.putSKU(sku, stocked: item.initialStock, holdSeconds: 0)
                    }
                }
            }
        }
        return existing.count
    }

    /// Sends every line and waits for all outcomes, or until the task is cancelled. `each` sees every line first.
    func send(_ file: ShopFile, each: (ShopLine) -> Void) async throws {
        var file = file
        let (open, underWay, lookups) = (Slots(Self.openLines), Slots(window), Slots(Self.lookups))
        let lanes = Lanes()
        try await withThrowingDiscardingTaskGroup { group in
            while let line = try file.next() {
                each(line)
                await open.take()
                await underWay.take()
                if keepsOrder { await lanes.enter(line.sku) }
                if Task.isCancelled { return }
                book.begin(line)
                group.addTask {
                    let isOpen = await accept(line)
                    if keepsOrder { lanes.leave(line.sku) }
                    underWay.giveBack()
                    if isOpen { await settle(line, lookups) }
                    open.giveBack()
                }
            }
        }
    }

    /// Sends one line until it is accepted; true when its outcome is still to come.
    private func accept(_ line: ShopLine) async -> Bool {
        let start = ContinuousClock.now
        do throws(WeirClientError) {
            if line.isReturn {
                _ = try await retrying.call { () async throws(WeirClientError) in
                    try await client.adjust(
                        line.sku, delta: -line.quantity, reason: "returned with invoice \(line.invoice)",
                        key: line.adjustmentKey)
                }
                book.accepted(after: .now - start, replayed: false)
                book.settle(line, .returned)
                return false
            }
            let answer = try await submit(line)
            book.accepted(after: .now - start, replayed: answer.isReplayed)
            guard answer.status.isSettled else { return true }
            note(answer, of: line)
        } catch {
            if error.problem?.name == "sold-out" {
                book.settle(line, .turnedAway)
            } else {
                book.settle(line, .unexpected, detail: error.description)
            }
        }
        return false
    }

    private func submit(_ line: ShopLine) async throws(WeirClientError) -> IntentAnswer {
        var pauses = [5, 20]
        while true {
            do throws(WeirClientError) {
                return try await retrying.call { () async throws(WeirClientError) in
                    try await client.submit(
                        token: line.token, sku: line.sku, quantity: line.quantity, buyer: line.customer)
                }
            } catch {
                // The sold-out gate may not have heard yet of units that have just come back.
                guard error.problem?.name == "sold-out", let pause = pauses.first else { throw error }
                pauses.removeFirst()
                try? await Task.sleep(for: .milliseconds(pause))
            }
        }
    }

    /// Looks an accepted line up until it is decided.
    private func settle(_ line: ShopLine, _ lookups: Slots) async {
        var pause = Duration.milliseconds(10)
        let deadline = ContinuousClock.now + .seconds(120)
        while !Task.isCancelled {
            await lookups.take()
            let outcome: Result<IntentAnswer, WeirClientError>
            do throws(WeirClientError) {
                outcome = .success(try await client.intent(token: line.token, sku: line.sku))
            } catch {
                outcome = .failure(error)
            }
            lookups.giveBack()
            switch outcome {
            case .success(let answer) where answer.status.isSettled: return note(answer, of: line)
            case .failure(let error) where !error.isPassing && error.problem?.status != 404:
                return book.settle(line, .unexpected, detail: error.description)
            default: break
            }
            guard .now < deadline else {
                return book.settle(line, .unexpected, detail: "accepted, but not decided after two minutes")
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(500))
        }
    }

    private func note(_ answer: IntentAnswer, of line: ShopLine) {
        switch (answer.status, answer.reason) {
        case (.confirmed, _): book.settle(line, .confirmed)
        case (.rejected, "sold_out"): book.settle(line, .soldOut)
        default:
            let reason = answer.reason.map { " (\($0))" } ?? ""
            book.settle(line, .unexpected, detail: "the outcome is \(answer.status.rawValue)\(reason)")
        }
    }
}
