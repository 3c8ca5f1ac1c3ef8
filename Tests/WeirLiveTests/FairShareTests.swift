import Testing

@testable import WeirLive

@Suite struct FairShareTests {
    /// What each of some workers takes when they come one after the other and nobody disturbs them.
    @Test(arguments: [
        (8, 1, [8]), (8, 2, [4, 4]), (8, 3, [2, 3, 3]), (8, 4, [2, 2, 2, 2]), (8, 5, [1, 1, 2, 2, 2]),
        (8, 8, [1, 1, 1, 1, 1, 1, 1, 1]), (8, 9, [0, 1, 1, 1, 1, 1, 1, 1, 1]), (4, 3, [1, 1, 2]),
        (1, 2, [0, 1]),
        (64, 7, [9, 9, 9, 9, 9, 9, 10]),
    ])
    func sharesDifferByOneAtMost(partitions: Int, workers: Int, expected: [Int]) {
        var world = World(partitions: partitions)
        for _ in 0..<workers {
            world.join()
            world.settle()
        }
        #expect(world.shares == expected)
        #expect(world.owned.count == partitions)
    }

    @Test func whatAWorkerLeavesIsSharedAgain() {
        var world = World(partitions: 8)
        for _ in 0..<3 { world.join() }
        world.settle()
        world.leave()
        world.settle()
        #expect(world.shares == [4, 4])
        #expect(world.owned.count == 8)
    }

    @Test func aWorkerThatHasItsShareDoesNothing() {
        let share = FairShare(partitions: 8, worker: 5)
        let move = share.next(
            workers: [5, 9], locked: Set(0..<8), mine: [0, 1, 2, 3], isGivingBack: false, barred: [])
        #expect(move == .nothing)
    }

    @Test func oneIsGivenBackAfterTheOther() {
        let share = FairShare(partitions: 8, worker: 5)
        let mine = Set(0..<8)
        let first = share.next(workers: [5, 9], locked: mine, mine: mine, isGivingBack: false, barred: [])
        #expect(first == .giveBack(7))
        let second = share.next(workers: [5, 9], locked: mine, mine: mine, isGivingBack: true, barred: [])
        #expect(second == .nothing)
    }

    @Test func whatIsBarredIsNeverTaken() {
        let share = FairShare(partitions: 4, worker: 1)
        let move = share.next(workers: [1], locked: [2], mine: [0], isGivingBack: false, barred: [3])
        #expect(move == .take([1]))
    }

    @Test func workersThatStartTogetherBeginElsewhere() {
        let first = FairShare(partitions: 8, worker: 8)
        let second = FairShare(partitions: 8, worker: 12)
        #expect(
            first.next(workers: [8, 12], locked: [], mine: [], isGivingBack: false, barred: [])
                == .take([0, 1, 2, 3]))
        #expect(
            second.next(workers: [8, 12], locked: [], mine: [], isGivingBack: false, barred: [])
                == .take([4, 5, 6, 7]))
    }
}

/// Workers that act in turn; a move takes effect at once.
private struct World {
    let partitions: Int
    private var owners: [Int: Set<Int>] = [:]
    private var last = 0

    init(partitions: Int) { self.partitions = partitions }

    var shares: [Int] { owners.values.map(\.count).sorted() }
    var owned: Set<Int> { owners.values.reduce(into: []) { $0.formUnion($1) } }

    mutating func join() {
        last += 17
        owners[last] = []
    }

    mutating func leave() { owners[last] = nil }

    mutating func settle() {
        var hasMoved = true
        while hasMoved {
            hasMoved = false
            for worker in owners.keys.sorted() {
                let share = FairShare(partitions: partitions, worker: worker)
                let move = share.next(
                    workers: Set(owners.keys), locked: owned, mine: owners[worker] ?? [],
                    isGivingBack: false, barred: [])
                switch move {
                case .nothing: continue
                case .giveBack(let partition): owners[worker]?.remove(partition)
                case .take(let taken): owners[worker]?.formUnion(taken)
                }
                hasMoved = true
            }
        }
    }
}
