import Testing
import WeirCore

@testable import WeirPipeline

/// The audit follows the line, returns, extensions and thresholds through the log.
@Suite struct LineTrailTests {
    private let policy = SKUPolicy(lowStockAt: 1, onShortage: .waitlist)

    private func stock(
        _ available: Int64, held: Int64 = 0, sold: Int64 = 0, waiting: Int64 = 0, promised: Int64 = 0,
        version: Int64
    ) -> Stock {
        Stock(
            sku: shoe, stocked: available + held + sold, available: available, held: held, sold: sold,
            waitlisted: waiting, backordered: promised, version: version, policy: policy)
    }

    private func intent(
        _ token: String, _ state: IntentState, _ units: Int64 = 1, place: Int64? = nil, returned: Int64 = 0,
        replaces: String? = nil, until deadline: Int64? = nil
    ) -> Intent {
        Intent(
            token: Token(unchecked: token), sku: shoe, quantity: Quantity(unchecked: units),
            buyer: Buyer(unchecked: "b"), replaces: replaces.map { Token(unchecked: $0) }, state: state,
            holdUntil: deadline.map { Timestamp(microseconds: $0) }, decidedAt: Timestamp(microseconds: 7),
            place: place, returned: returned)
    }

    /// One unit, four who want it, of whom one is promised and two wait.
    private var log: [Happening] {
        [
            .defined(Stock(defining: shoe, stocked: 2, policy: policy)),
            .intent(intent("a", .reserved, 2), from: nil, stock: stock(0, held: 2, version: 2)),
            .crossed(.lowStock, stock(0, held: 2, version: 2)),
            .crossed(.soldOut, stock(0, held: 2, version: 2)),
            .intent(
                intent("b", .waitlisted, place: 1), from: nil,
                stock: stock(0, held: 2, waiting: 1, version: 3)),
            .intent(
                intent("c", .backordered, place: 2), from: nil,
                stock: stock(0, held: 2, waiting: 1, promised: 1, version: 4)),
            .intent(
                intent("d", .waitlisted, place: 3), from: nil,
                stock: stock(0, held: 2, waiting: 2, promised: 1, version: 5)),
            .intent(
                intent("a", .confirmed, 2), from: .reserved,
                stock: stock(0, sold: 2, waiting: 2, promised: 1, version: 6)),
            .returned(
                intent("a", .confirmed, 2, returned: 1), units: 1,
                stock: stock(1, sold: 1, waiting: 2, promised: 1, version: 7)),
            .intent(
                intent("c", .reserved, place: 2), from: .backordered,
                stock: stock(0, held: 1, sold: 1, waiting: 2, version: 8)),
            .extended(
                intent("c", .reserved, place: 2), stock: stock(0, held: 1, sold: 1, waiting: 2, version: 8)),
            .intent(
                intent("b", .cancelled, place: 1), from: .waitlisted,
                stock: stock(0, held: 1, sold: 1, waiting: 1, version: 9)),
            .adjusted(stock(2, held: 1, sold: 1, waiting: 1, version: 10), delta: 2, reason: "x"),
            .intent(
                intent("d", .reserved, place: 3), from: .waitlisted,
                stock: stock(1, held: 2, sold: 1, version: 11)),
            .crossed(.backInStock, stock(1, held: 2, sold: 1, version: 11)),
        ]
    }

    private func problems(_ log: [Happening], requiresCrossings: Bool = true) -> [String] {
        var trail = StockTrail(requiresCrossings: requiresCrossings)
        return log.compactMap { trail.follow($0) }
    }

    private func swapping(_ place: Int, with happening: Happening) -> [Happening] {
        var log = log
        log[place] = happening
        return log
    }

    @Test func aWholeLogHasNoProblem() {
        #expect(problems(log) == [])
        var trail = StockTrail(requiresCrossings: true)
        for happening in log { _ = trail.follow(happening) }
        var row = stock(1, held: 2, sold: 1, version: 11)
        row.lastPlace = 3
        #expect(trail.finish(row) == nil)
        row.lastPlace = 2
        #expect(trail.finish(row) != nil)
    }

    @Test func everyEventThatIsMissingIsNoticed() {
        for place in log.indices.dropLast() where place != 10 {
            var damaged = log
            damaged.remove(at: place)
            #expect(!problems(damaged).isEmpty, "without event \(place + 1)")
        }
        var trail = StockTrail(requiresCrossings: true)
        for happening in log.dropLast() { _ = trail.follow(happening) }
        #expect(trail.finish(stock(1, held: 2, sold: 1, version: 11)) == "it never said back_in_stock")
    }

    @Test func oneWhoIsServedBeforeHisTurnIsNoticed() {
        let early = swapping(
            9,
            with: .intent(
                intent("d", .reserved, place: 3), from: .waitlisted,
                stock: stock(0, held: 1, sold: 1, waiting: 1, promised: 1, version: 8)))
        #expect(problems(early).first == "intent d was served before its turn")
        let beforePromised = swapping(
            9,
            with: .intent(
                intent("b", .reserved, place: 1), from: .waitlisted,
                stock: stock(0, held: 1, sold: 1, waiting: 1, promised: 1, version: 8)))
        #expect(
            problems(beforePromised).first == "intent b was served before somebody whom units were promised")
    }

    @Test func aPlaceThatWasGivenOutTwiceOrSkippedIsNoticed() {
        for place in [Int64(2), 4] {
            let wrong = swapping(
                6,
                with: .intent(
                    intent("d", .waitlisted, place: place), from: nil,
                    stock: stock(0, held: 2, waiting: 2, promised: 1, version: 5)))
            #expect(problems(wrong).first == "intent d took the place \(place) after 2")
        }
    }

    @Test func aThresholdThatIsToldTwiceOrWhereItIsNotIsNoticed() {
        for (place, crossing) in [(2, Crossing.backInStock), (3, .lowStock), (14, .soldOut)] {
            guard case .crossed(_, let stock) = log[place] else { continue }
            #expect(
                problems(swapping(place, with: .crossed(crossing, stock))).contains {
                    $0.contains("first time")
                })
        }
        var twice = log
        twice.insert(log[3], at: 4)
        #expect(problems(twice) == ["it says sold_out, which it is not for the first time"])
    }

    @Test func aLogFromBeforeThresholdsWereToldIsWhole() {
        let old = log.filter { if case .crossed = $0 { false } else { true } }
        #expect(problems(old, requiresCrossings: false) == [])
        #expect(!problems(old).isEmpty)
    }

    @Test func aReplacementIsOneStep() {
        let start: [Happening] = [
            .defined(Stock(defining: shoe, stocked: 2, policy: policy)),
            .intent(intent("a", .reserved, 2), from: nil, stock: stock(0, held: 2, version: 2)),
            .crossed(.lowStock, stock(0, held: 2, version: 2)),
            .crossed(.soldOut, stock(0, held: 2, version: 2)),
            .intent(intent("a", .cancelled, 2), from: .reserved, stock: stock(2, version: 3)),
        ]
        let taken = Happening.intent(
            intent("b", .reserved, 2, replaces: "a"), from: nil, stock: stock(0, held: 2, version: 4))
        #expect(problems(start + [taken]) == [])
        let stranger = Happening.intent(
            intent("b", .reserved, 2), from: nil, stock: stock(0, held: 2, version: 4))
        #expect(problems(start + [stranger]) == ["the event before it never said back_in_stock"])
    }

    @Test func everyDamageToAHoldOrASaleIsNoticed() {
        func problems(_ log: [Happening]) -> [String] {
            var trail = IntentTrail()
            return log.compactMap { trail.follow($0) }
        }
        let held = Happening.intent(intent("a", .reserved, until: 9), from: nil, stock: nil)
        let row = stock(0, version: 1)
        func extended(_ until: Int64, _ units: Int64 = 1) -> Happening {
            .extended(intent("a", .reserved, units, until: until), stock: row)
        }
        #expect(problems([held, extended(10)]) == [])
        #expect(problems([held, extended(9)]).count == 1)
        #expect(problems([held, extended(8)]).count == 1)
        #expect(problems([held, extended(10, 2)]).count == 1)
        let sold = Happening.intent(intent("a", .confirmed, 3), from: nil, stock: nil)
        func returned(_ all: Int64, _ units: Int64) -> Happening {
            .returned(intent("a", .confirmed, 3, returned: all), units: units, stock: row)
        }
        #expect(problems([sold, returned(1, 1), returned(2, 1)]) == [])
        #expect(problems([sold, returned(1, 2)]).count == 1)
        #expect(problems([sold, returned(1, 1), returned(1, 1)]).count == 1)
        #expect(
            problems([
                sold, returned(1, 1), .intent(intent("a", .cancelled, 3), from: .confirmed, stock: nil),
            ])
                == ["its payload or the time of its decision changed"])
    }
}
