import Testing
import WeirCore

@testable import WeirPipeline
@testable import WeirSimulation

/// The delivery that kills its worker is found; the innocent beside it, and the connection that was lost, are not.
@Suite struct SuspicionTests {
    private let store: SimulatedStore
    private let database: SimulatedDatabase

    init() throws {
        database = SimulatedDatabase(partitioning: Partitioning(count: 1)!)
        store = try database.openSession(partition: 0)
    }

    @Test func aDeliveryIsAloneOnlyAfterItCameBackTwice() {
        let suspicion = Suspicion()
        #expect(suspicion.sizeOfNextBatch([]) == 0)
        #expect(suspicion.sizeOfNextBatch([fresh("a"), back("b", 1), fresh("c")]) == 3)
        #expect(suspicion.sizeOfNextBatch([fresh("a"), back("b", 1), back("c", 2), fresh("d")]) == 2)
        #expect(suspicion.sizeOfNextBatch([back("c", 2), back("d", 2), fresh("e")]) == 1)
        #expect(suspicion.sizeOfNextBatch([back("c", 99)]) == 1)
    }

    @Test func aCountOnAMessageThatIsNewSaysNothing() throws {
        var suspicion = Suspicion()
        var spoofed = fresh("a")
        spoofed.deliveryCount = 1_000
        #expect(suspicion.sizeOfNextBatch([spoofed, spoofed]) == 2)
        #expect(try suspicion.note([spoofed], store).bodies.isEmpty)
        #expect(database.suspectCounts.isEmpty)
    }

    @Test func theThirdOwnerThatFindsItKnowsTheCulprit() throws {
        for death in 1...2 {
            var owner = Suspicion()
            let noted = try owner.note([back("a", death + 1)], store)
            #expect(noted.culprit == nil, "death \(death)")
            #expect(noted.bodies == [Array("a".utf8)])
        }
        var third = Suspicion()
        #expect(try third.note([back("a", 4)], store).culprit?.body == Array("a".utf8))
    }

    @Test func theInnocentBesideTheCulpritIsNotCounted() throws {
        for death in 1...3 {
            var owner = Suspicion()
            let batch = [back("culprit", death + 1), back("innocent", death + 1)]
            #expect(owner.sizeOfNextBatch(batch) == 1)
            _ = try owner.note([batch[0]], store)
        }
        #expect(database.suspectCounts[Array("culprit".utf8)] == 3)
        #expect(database.suspectCounts[Array("innocent".utf8)] == nil)
    }

    @Test func aLostConnectionIsNotADeath() throws {
        var owner = Suspicion()
        for count in 2...60 {
            #expect(try owner.note([back("a", count)], store).culprit == nil)
        }
        #expect(database.suspectCounts[Array("a".utf8)] == 1)
    }

    @Test func whatWasDecidedIsForgotten() throws {
        var owner = Suspicion()
        _ = try owner.note([back("a", 2)], store)
        owner.forget([Array("a".utf8)])
        _ = try owner.note([back("a", 2)], store)
        #expect(database.suspectCounts[Array("a".utf8)] == 2)
    }

    @Test func aBatchOfManyIsNotNoted() throws {
        var owner = Suspicion()
        let noted = try owner.note([fresh("a"), back("b", 1)], store)
        #expect(noted.culprit == nil && noted.bodies.isEmpty)
        #expect(database.suspectCounts.isEmpty)
    }

    @Test func aNoteWhoseAnswerWasLostIsNotADeath() throws {
        var owner = Suspicion()
        for _ in 0..<5 {
            let session = try database.openSessionAgain()
            session.disturb = { _ in .after }
            #expect(throws: StoreError.self) { try owner.note([back("a", 2)], session) }
        }
        #expect(database.suspectCounts[Array("a".utf8)] == 5)
        #expect(try owner.note([back("a", 2)], database.openSessionAgain()).culprit == nil)
        #expect(try owner.note([back("a", 3)], store).culprit == nil)
    }

    @Test func aSessionThatFailsNotesNothingInTheProcess() throws {
        var owner = Suspicion()
        store.close()
        #expect(throws: StoreError.self) { try owner.note([back("a", 2)], store) }
        let next = try database.openSession(partition: 0)
        _ = try owner.note([back("a", 2)], next)
        #expect(database.suspectCounts[Array("a".utf8)] == 1)
    }

    private func fresh(_ body: String) -> Delivery { Delivery(tag: 1, type: nil, body: Array(body.utf8)) }

    private func back(_ body: String, _ count: Int) -> Delivery {
        Delivery(tag: 1, redelivered: true, deliveryCount: count, type: nil, body: Array(body.utf8))
    }
}

extension SimulatedDatabase {
    fileprivate func openSessionAgain() throws -> SimulatedStore {
        restart()
        return try openSession(partition: 0)
    }
}
