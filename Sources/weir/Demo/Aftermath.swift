import WeirCore

/// After the rush: waits until everything has come to rest, then looks every token up.
struct Aftermath: Sendable {
    let plan: RushPlan
    let client: WeirClient
    let progress: ProgressLine
    private let retrying = Retrying(patience: .seconds(30))

    init(plan: RushPlan, client: WeirClient, progress: ProgressLine) {
        self.plan = plan
        self.client = client
        self.progress = progress
    }

    /// Waits until no SKU has units on hold: the queues are drained by then, since the holds come due behind what
    /// was queued before.
    func waitUntilAtRest() async throws {
        // A partition whose queue never rests lets holds expire after 30 seconds all the same.
        let deadline = ContinuousClock.now + .seconds(RushPlan.holdSeconds + 60)
        for item in plan.items {
            while true {
                let stock = try await stock(of: item)
                if stock.held == 0 { break }
                progress.show(
                    "waiting until the holds have expired: \(item.sku) has \(stock.held) units held")
                guard .now < deadline else {
                    progress.say("the holds of \(item.sku) have not expired in time")
                    return
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Holds the buyers' records against the server's final word.
    func check(_ records: [RushRecord]) async throws -> RushChecks {
        var checks = RushChecks()
        let slots = Slots(64)
        let done = Counter()
        try await withThrowingTaskGroup(of: (RushRecord, RushPlan.Buyer, IntentAnswer?).self) { group in
            var records = records.makeIterator()
            func addNext() async {
                guard let record = records.next() else { return }
                await slots.take()
                let buyer = plan[record.number]
                group.addTask {
                    defer { slots.giveBack() }
                    return (record, buyer, try await find(buyer))
                }
            }
            for _ in 0..<64 { await addNext() }
            while let (record, buyer, final) = try await group.next() {
                checks.look(at: record, of: buyer, final)
                if done.next() % 100 == 0 {
                    progress.show("looking up \(done.count) of \(plan.buyers) tokens")
                }
                await addNext()
            }
        }
        for item in plan.items { checks.look(at: item, try await stock(of: item)) }
        return checks
    }

    /// The intent, or nil when the server does not know it.
    private func find(_ buyer: RushPlan.Buyer) async throws -> IntentAnswer? {
        do throws(WeirClientError) {
            return try await retrying.call { () async throws(WeirClientError) in
                try await client.intent(token: buyer.token, sku: buyer.item.sku)
            }
        } catch {
            guard error.problem?.status == 404 else { throw error }
            return nil
        }
    }

    private func stock(of item: RushPlan.Item) async throws -> Stock {
        try await retrying.call { () async throws(WeirClientError) in try await client.sku(item.sku) }.stock
    }
}
