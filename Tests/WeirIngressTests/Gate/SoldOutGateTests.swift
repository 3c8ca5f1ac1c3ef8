import Testing
import WeirCore

@testable import WeirIngress

/// What the gate makes of rows and events, without a server.
@Suite struct SoldOutGateTests {
    private let sku = SKU(unchecked: "shoe")

    private func stock(_ available: Int64, version: Int64, _ policy: SKUPolicy = SKUPolicy()) -> Stock {
        Stock(
            sku: sku, stocked: available, available: available, held: 0, sold: 0, version: version,
            policy: policy)
    }

    private func wish(replaces: Token? = nil) -> Submit {
        Submit(
            token: Token(unchecked: "t"), sku: sku, quantity: Quantity(unchecked: 1),
            buyer: Buyer(unchecked: "b"), replaces: replaces)
    }

    /// A gate that has read this row, so long ago.
    private func gate(_ row: Stock, secondsAgo: Double = 0) -> SoldOutGate {
        let gate = SoldOutGate()
        gate.take([row], readAt: gate.beginReading() - UInt64(secondsAgo * 1e9))
        return gate
    }

    @Test func onlyARowCloses() {
        let gate = SoldOutGate()
        #expect(!gate.refuses(wish()))
        gate.note(.crossed(.soldOut, stock(0, version: 2)))
        #expect(!gate.refuses(wish()))
        #expect(gate.takeDue(round: false) == [sku])
        gate.take([stock(0, version: 2)], asked: [sku], readAt: gate.beginReading())
        #expect(gate.refuses(wish()))
        #expect(gate.counts.refused == 1 && gate.counts.closed == 1)
    }

    @Test func aRowHoldsASecondAndNoLonger() {
        #expect(gate(stock(0, version: 2), secondsAgo: 0.9).refuses(wish()))
        let stale = gate(stock(0, version: 2), secondsAgo: 1.001)
        #expect(!stale.refuses(wish()))
        #expect(stale.counts.passedUnsure == 1)
        #expect(stale.takeDue(round: true) == [sku])
    }

    @Test func anIntentThatReplacesAnotherPasses() {
        #expect(!gate(stock(0, version: 2)).refuses(wish(replaces: Token(unchecked: "older"))))
    }

    @Test func linesThatHaveRoomAreNotGated() {
        let waitlist = SKUPolicy(onShortage: .waitlist, waitlistLimit: 1)
        #expect(!gate(stock(0, version: 2, waitlist)).refuses(wish()))
        var full = stock(0, version: 2, waitlist)
        full.waitlisted = 1
        #expect(gate(full).refuses(wish()))
    }

    @Test(arguments: [Crossing.backInStock, nil]) func anEventOpensUnlessTheRowIsNewer(_ crossing: Crossing?)
    {
        func event(_ version: Int64) -> Happening {
            let stock = stock(3, version: version)
            return crossing.map { .crossed($0, stock) } ?? .defined(stock)
        }
        let gate = gate(stock(0, version: 5))
        gate.note(event(4))
        gate.note(event(5))
        #expect(gate.refuses(wish()))
        gate.note(event(6))
        #expect(!gate.refuses(wish()))
    }

    @Test func aRowThatWasReadBeforeAnEventDoesNotCloseAgain() {
        let gate = gate(stock(0, version: 5))
        let readAt = gate.beginReading()
        gate.note(.crossed(.backInStock, stock(3, version: 6)))
        gate.take([stock(0, version: 5)], asked: [sku], readAt: readAt)
        #expect(!gate.refuses(wish()))
        // The next row is newer than the event.
        gate.take([stock(0, version: 7)], asked: [sku], readAt: gate.beginReading())
        #expect(gate.refuses(wish()))
    }

    @Test func aSecondSoldOutProvesThatAnEventWasLost() {
        let gate = gate(stock(0, version: 5))
        #expect(gate.takeMustLoad(orIf: false))
        gate.note(.crossed(.soldOut, stock(0, version: 5)))
        gate.note(.crossed(.soldOut, stock(0, version: 4)))
        #expect(gate.counts.gaps == 0 && !gate.takeMustLoad(orIf: false))
        gate.note(.crossed(.soldOut, stock(0, version: 8)))
        #expect(gate.counts.gaps == 1 && gate.takeMustLoad(orIf: false))
        #expect(gate.takeDue(round: false) == [sku])
    }

    @Test func unitsInAnIntentsEventOpenUntilTheRowIsRead() {
        let gate = gate(stock(0, version: 5))
        let intent = Intent(
            token: Token(unchecked: "u"), sku: sku, quantity: Quantity(unchecked: 1),
            buyer: Buyer(unchecked: "b"), state: .cancelled, decidedAt: Timestamp(microseconds: 1))
        gate.note(.intent(intent, from: .reserved, stock: stock(0, version: 6)))
        #expect(gate.refuses(wish()))
        gate.note(.intent(intent, from: .reserved, stock: stock(1, version: 7)))
        #expect(!gate.refuses(wish()))
        #expect(gate.takeDue(round: false) == [sku])
    }

    @Test func somebodyWhoGotNothingMakesTheNextRoundLook() {
        let gate = SoldOutGate()
        let intent = Intent(
            token: Token(unchecked: "u"), sku: sku, quantity: Quantity(unchecked: 1),
            buyer: Buyer(unchecked: "b"), state: .rejected, reason: .soldOut,
            decidedAt: Timestamp(microseconds: 1))
        gate.note(.intent(intent, from: nil, stock: stock(0, version: 6)))
        #expect(gate.takeDue(round: false).isEmpty)
        #expect(gate.takeDue(round: true) == [sku])
    }

    @Test func aLoadForgetsWhatItDidNotFind() {
        let gate = gate(stock(0, version: 5), secondsAgo: 0.1)
        let begin = gate.beginReading()
        gate.endLoad(begunAt: begin)
        #expect(gate.counts.closed == 0)
    }

    @Test func ofTooManySKUsNoMoreAreRememberedAndWhatIsAskedForIsReadFirst() {
        let gate = SoldOutGate()
        let all = (0..<SoldOutGate.most + 10).map { SKU(unchecked: "s\($0)") }
        gate.take(
            all.map {
                Stock(
                    sku: $0, stocked: 0, available: 0, held: 0, sold: 0, version: 1, policy: SKUPolicy())
            }, readAt: gate.beginReading())
        #expect(gate.counts.closed == SoldOutGate.most && gate.isFull)
        let wanted = Submit(
            token: Token(unchecked: "t"), sku: all[7], quantity: Quantity(unchecked: 1),
            buyer: Buyer(unchecked: "b"))
        for _ in 0..<3 { #expect(gate.refuses(wanted)) }
        #expect(gate.takeDue(round: true) == [all[7]])
        #expect(gate.takeDue(round: true).isEmpty)
    }
}
