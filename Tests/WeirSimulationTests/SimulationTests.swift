import Foundation
import Testing
import WeirSimulation

@Suite struct SimulationTests {
    /// `make simulate` runs many more of them, optimized.
    static let seedCount = ProcessInfo.processInfo.environment["WEIR_SEEDS"].flatMap(UInt64.init) ?? 400

    @Test func everyPromiseHoldsWhateverBreaks() async {
        let slices = await withTaskGroup(of: [Simulation.Report].self) { group in
            for slice in 0..<2 {
                group.addTask {
                    stride(from: UInt64(slice), to: Self.seedCount, by: 2).map { Simulation(seed: $0).run() }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        for report in slices where !report.violations.isEmpty {
            Issue.record("`weir simulate --seed \(report.seed)` replays: \(report.violations)")
        }
        #expect(slices.count == Int(Self.seedCount))
        // Histories in which nothing happens would prove nothing.
        #expect(slices.reduce(0) { $0 + $1.faults } > slices.count)
        #expect(slices.reduce(0) { $0 + $1.commits } > slices.count * 20)
        // Parts of orders lost patience, and some of them while their order was confirmed already.
        #expect(slices.reduce(0) { $0 + $1.lateParts } > slices.count / 4)
        #expect(slices.reduce(0) { $0 + $1.lateDecisions } > slices.count / 100)
    }

    @Test func theSameSeedReplaysTheSameHistory() {
        for seed: UInt64 in [1, 7, 99] {
            let (first, second) = (Simulation(seed: seed).run(), Simulation(seed: seed).run())
            #expect(first.events == second.events)
            #expect(first.commits == second.commits)
            #expect(first.published == second.published)
        }
    }

    /// A check that cannot fail proves nothing: each safeguard is taken away once, and its promise must break.
    @Test(arguments: [
        (Sabotage.acknowledgeBeforeCommit, "promise 7"), (.cursorBeforeConfirm, "promise 5"),
        (.tokenCheckSkipped, "promise 3"), (.headCheckSkipped, "promise 5"),
        (.holdReleasedTwice, "promise 1"),
        (.gapInLog, "promise 5"), (.oversell, "promise 1"), (.orderSwapped, "promise 4"),
        (.lineSwapped, "promise 6"), (.totalsForgotten, "promise 1"),
        (.policyForgotten, "policy"),
    ])
    func aMissingSafeguardIsNoticed(_ sabotage: Sabotage, _ promise: String) {
        let seeds = UInt64(0)..<500
        let first = seeds.first { seed in
            let report = Simulation(seed: seed, sabotage: sabotage).run()
            return report.violations.contains { $0.hasPrefix(promise) }
        }
        #expect(first != nil, "\(sabotage) went unnoticed for \(seeds.count) seeds")
    }

    /// The same of orders; it has to be noticed soon.
    @Test(arguments: [
        (Sabotage.lineOnItsOwnClock, "promise 8"), (.decisionForgotten, "promise 8"),
        (.messagesNotForwarded, "promise 8"), (.versionForgotten, "promise 8"),
        (.guardForgotten, "promise 8"),
    ])
    func aMissingSafeguardOfOrdersIsNoticed(_ sabotage: Sabotage, _ promise: String) {
        let seeds = UInt64(0)..<50
        let first = seeds.first { seed in
            let report = Simulation(seed: seed, sabotage: sabotage).run()
            return report.violations.contains { $0.hasPrefix(promise) }
        }
        #expect(first != nil, "\(sabotage) went unnoticed for \(seeds.count) seeds")
    }

    /// The worst of it: the units of an order that somebody has paid for are given away.
    @Test func aLineReleasedUnderAConfirmedOrderIsNoticed() {
        let first = (UInt64(100)..<300).first { seed in
            let report = Simulation(seed: seed, sabotage: .lineOnItsOwnClock).run()
            return report.violations.contains { $0.hasSuffix("was released, its order is confirmed") }
        }
        #expect(first != nil, "no history released a line of an order that was confirmed")
    }
}
