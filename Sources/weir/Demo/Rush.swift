import Foundation
import WeirLive

/// The rush: buyers come as fast as they are answered, and in the middle a worker is killed.
struct Rush: Sendable {
    let plan: RushPlan
    let servers: DemoServers
    let client: WeirClient
    let tally: RushTally
    let progress: ProgressLine

    /// Buyers who wait for their outcome at a time.
    static let atOnce = 256
    /// Connections: a double press takes two, and those who pay or cancel need some too.
    static let connections = 2 * atOnce

    /// What happened to the worker.
    struct Kill: Sendable {
        let worker: String
        let partitions: [Int]
        let ownedHotSKU: Bool
        /// How long it took until every partition had an owner again.
        let recoveredAfter: Duration?
        /// Buyers who had their outcome at that moment.
        let decidedBefore: Int
    }

    /// Runs it to the end. Returns what happened to the worker.
    func run() async throws -> Kill? {
        try await withThrowingTaskGroup(of: Kill?.self) { group in
            group.addTask {
                await sendBuyers()
                return nil
            }
            group.addTask { try await killInTheMiddle() }
            let watching = Task { await watch() }
            defer { watching.cancel() }
            var kill: Kill?
            for try await result in group { kill = kill ?? result }
            try Task.checkCancellation()
            return kill
        }
    }

    private func sendBuyers() async {
        let slots = Slots(Self.atOnce)
        await withDiscardingTaskGroup { group in
            for number in 0..<plan.buyers {
                await slots.take()
                if Task.isCancelled { return }
                group.addTask {
                    let buyer = RushBuyer(plan[number], client: client, tally: tally)
                    var record = await buyer.buy()
                    slots.giveBack()
                    await buyer.followUp(&record)
                    tally.keep(record)
                }
            }
        }
    }

    /// Kills the worker that owns the hot SKU's partition when two fifths of the buyers have their outcome, and starts
    /// it again once the others own everything.
    private func killInTheMiddle() async throws -> Kill? {
        while tally.now.settled < plan.buyers * 2 / 5 {
            try await Task.sleep(for: .milliseconds(10))
            if tally.now.gaveUp >= plan.buyers / 2 { return nil }
        }
        let hot = try await client.sku(plan.hot.sku).partition
        let owners = try PartitionOwners(databaseURL: servers.sandbox.databaseURL)
        let owned = DemoServers.workers.map { role in
            (role: role, partitions: servers[role].map { owners.partitions(of: $0.pid) } ?? [])
        }
        let victim =
            owned.first { hot.map($0.partitions.contains) ?? false } ?? owned.first { !$0.partitions.isEmpty }
            ?? owned[0]
        let before = tally.now.settled
        let moment = ContinuousClock.now
        await servers.kill(victim.role)
        let names = victim.partitions.map(String.init).joined(separator: ", ")
        progress.say(
            "killed \(victim.role) with SIGKILL after \(before) buyers; it owned the partitions \(names)"
                + (hot.map { "; '\(plan.hot.sku)' lives in \($0)" } ?? ""))
        var recovered: Duration?
        while recovered == nil, .now - moment < .seconds(20) {
            try await Task.sleep(for: .milliseconds(25))
            if try await servers.areOwned() { recovered = .now - moment }
        }
        try await servers.start(victim.role)
        progress.say(
            (recovered.map { "after \(($0 / .seconds(1)).fixed(2)) s the other worker owned them all; " }
                ?? "")
                + "\(victim.role) was started again")
        return Kill(
            worker: "\(victim.role)", partitions: victim.partitions,
            ownedHotSKU: hot.map(victim.partitions.contains) ?? false, recoveredAfter: recovered,
            decidedBefore: before)
    }

    private func watch() async {
        var hot = ""
        for round in 0... {
            try? await Task.sleep(for: .milliseconds(100))
            if Task.isCancelled { return }
            if round % 5 == 0, let stock = try? await client.sku(plan.hot.sku).stock {
                hot = "; \(plan.hot.sku): \(stock.available) left, \(stock.held) held, \(stock.sold) sold"
            }
            let numbers = tally.now
            progress.show(
                "\(numbers.settled) of \(plan.buyers) buyers know where they stand, "
                    + "\(Int(numbers.perSecond)) a second\(hot)")
        }
    }
}
