import Testing
import WeirCore

@testable import WeirIngress

/// The memory of what is queued, without a server.
@Suite struct QueuedMemoryTests {
    private func submit(_ token: String, _ units: Int64 = 1) -> Submit {
        Submit(
            token: Token(unchecked: token), sku: SKU(unchecked: "s"), quantity: Quantity(unchecked: units),
            buyer: Buyer(unchecked: "b"))
    }

    @Test func theMemoryForgetsTheOldestFirst() {
        let memory = QueuedMemory(limit: 3)
        for number in 1...5 { memory.remember(submit("t\(number)"), id: UInt64(number)) }
        #expect(memory.count == 3)
        #expect(memory[Token(unchecked: "t2")] == nil && memory[Token(unchecked: "t3")] != nil)
    }

    @Test func theMemoryKeepsTheFirstWishOfAToken() {
        let memory = QueuedMemory(limit: 3)
        memory.remember(submit("t", 1), id: 1)
        memory.remember(submit("t", 2), id: 2)
        #expect(memory[Token(unchecked: "t")]?.quantity.units == 1)
        memory.forget(Token(unchecked: "t"), id: 2)
        #expect(memory.count == 1)
        memory.forget(Token(unchecked: "t"), id: 1)
        #expect(memory.count == 0)
    }

    @Test func aWishThatIsNeverDecidedDoesNotMakeTheMemoryGrow() {
        let memory = QueuedMemory(limit: 100)
        memory.remember(submit("stuck"), id: 1)
        for number in 0..<10_000 {
            memory.remember(submit("t\(number)"), id: UInt64(number + 2))
            memory.forget(Token(unchecked: "t\(number)"))
        }
        #expect(memory.count == 1 && memory.orderLength <= 202)
    }
}
