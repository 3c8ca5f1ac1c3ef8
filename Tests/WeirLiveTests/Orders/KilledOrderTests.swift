import AMQPClient
import Testing
import WeirCore
import WeirLive

extension Faults {
    /// A worker that dies between the steps of an order: afterwards no line has units without its order.
    @Suite struct KilledOrders {
        struct Strike: Sendable, CustomTestStringConvertible {
            let victim: Int
            let step: FaultStep
            var testDescription: String { "\(victim == 0 ? "coordinator" : "participant"), \(step)" }
        }

        static let strikes = [0, 1].flatMap { victim in
            FaultStep.allCases.map { Strike(victim: victim, step: $0) }
        }

        /// Every order is coordinated by partition 0 and has a line in each.
        @Test(arguments: strikes) func noLineStaysReservedWithoutItsOrder(_ strike: Strike) async throws {
            let room = try await LiveRoom.make(partitions: 2)
            let skus = [room.sku(in: 0), room.sku(in: 1)]
            let plan = FaultPlan(Array(repeating: strike.step, count: 5))
            let owners = (0..<2).map {
                OwnerThread(room, partition: $0, $0 == strike.victim ? plan : FaultPlan())
            }
            defer { for owner in owners { owner.stop() } }
            try await room.publish([
                define(skus[0], stocked: 100, holdSeconds: 900),
                define(skus[1], stocked: 25, holdSeconds: 900),
            ])
            let names = (0...).lazy.map { "o\($0)" }.filter {
                room.partitioning.coordinator(of: Token(unchecked: $0), lines: []) == 0
            }
            // As many as it takes, a few at a time, so that there are batches to strike.
            var tokens: [String] = []
            for (number, token) in names.prefix(200).enumerated() where plan.struck < 5 || number < 40 {
                var commands = [orderSubmit(token, number % 2 == 0 ? skus : skus.reversed())]
                if number % 3 == 0 { commands.append(orderConfirm(token)) }
                if number % 5 == 0 { commands.append(orderCancel(token)) }
                try await room.publish(commands)
                tokens.append(token)
                guard number % 4 == 3 else { continue }
                #expect(
                    try await eventually(within: .seconds(60)) {
                        try room.count("select count(*) from orders") == tokens.count
                    })
            }
            #expect(plan.struck == 5)
            #expect(
                try await eventually(within: .seconds(60)) {
                    try room.count("select count(*) from orders") == tokens.count
                })
            #expect(try await room.ordersSettle(within: .seconds(120)))
            if [.deathBeforeCommit, .deathBeforeAck].contains(strike.step) {
                #expect(owners[strike.victim].lives > 5)
            }
            try room.expectWholeOrders()
            // Everybody gives up what he has: everything is back.
            try await room.publish(tokens.map { orderCancel($0, lines: [1, 2]).renamed })
            #expect(
                try await eventually(within: .seconds(60)) {
                    try room.count("select count(*) from sku where available < stocked") == 0
                })
            #expect(try await room.ordersSettle(within: .seconds(120)))
            try room.expectWholeOrders()
        }
    }
}

extension Command {
    /// The same cancel under another name.
    fileprivate var renamed: Command {
        guard case .order(.cancel(let change)) = self else { return self }
        let id = CommandID(unchecked: "last-\(change.order)")
        return .order(.cancel(OrderChange(id: id, order: change.order)))
    }
}
