import Synchronization
import Testing

@testable import weir

@Suite struct LoadOrderTests {
    @Test func lanesKeepTheOrderWithinASKUOnly() async {
        let lanes = Lanes()
        let seen = Seen()
        let slots = Slots(8)
        await withDiscardingTaskGroup { group in
            for number in 0..<400 {
                let sku = "s\(number % 7 % 4)"
                await slots.take()
                await lanes.enter(sku)
                group.addTask {
                    try? await Task.sleep(for: .microseconds(Int.random(in: 0...300)))
                    seen.note(number, of: sku)
                    lanes.leave(sku)
                    slots.giveBack()
                }
            }
        }
        let all = seen.numbers
        #expect(all.values.map(\.count).reduce(0, +) == 400)
        #expect(all.values.allSatisfy { $0 == $0.sorted() })
    }

    @Test func slotsNeverHoldMoreThanTheyHave() async {
        let slots = Slots(3)
        let inside = Inside()
        await withDiscardingTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await slots.take()
                    inside.enter()
                    await Task.yield()
                    inside.leave()
                    slots.giveBack()
                }
            }
        }
        #expect(inside.most == 3)
    }

    @Test func retryingEndsWithTheFirstErrorThatWillNotPass() async {
        let retrying = Retrying(patience: .seconds(5))
        let calls = Counter()
        await #expect(throws: WeirClientError.self) {
            try await retrying.call { () async throws(WeirClientError) -> Int in
                if calls.next() < 2 { throw .unreachable(url: "u", reason: "r") }
                throw .garbled("x")
            }
        }
        #expect(calls.count == 3 && retrying.counter.count == 2)
    }
}

/// Numbers by SKU, in the order in which they came.
private final class Seen: Sendable {
    private let state = Mutex<[String: [Int]]>([:])
    var numbers: [String: [Int]] { state.withLock { $0 } }
    func note(_ number: Int, of sku: String) {
        state.withLock { $0[sku, default: []].append(number) }
    }
}

/// How many are inside, and how many were at most.
private final class Inside: Sendable {
    private let state = Mutex((now: 0, most: 0))
    var most: Int { state.withLock { $0.most } }
    func enter() {
        state.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
    }
    func leave() { state.withLock { $0.now -= 1 } }
}
