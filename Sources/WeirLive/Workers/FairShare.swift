/// Which partitions a worker process takes and gives back, so that each of them has its share.
///
/// Pure: it is told who is there and who owns what, and says what to do next.
struct FairShare: Sendable {
    /// How many partitions there are.
    let partitions: Int
    /// This worker's number, which spreads the first choices of workers that start together.
    let worker: Int

    /// What to do next.
    enum Move: Equatable, Sendable {
        case take([Int])
        /// Only one at a time, so that no two partitions rest at once.
        case giveBack(Int)
        case nothing
    }

    /// - Parameters:
    ///   - workers: the numbers of the worker processes that are there, this one included.
    ///   - locked: partitions that have an owner.
    ///   - mine: partitions that this process owns, takes or gives back.
    ///   - isGivingBack: whether one of them is on its way back.
    ///   - barred: partitions that must not be taken again.
    func next(
        workers: Set<Int>, locked: Set<Int>, mine: Set<Int>, isGivingBack: Bool, barred: Set<Int>
    ) -> Move {
        // What is left over goes to the first ones by number: if everybody might take one more, the last to come
        // could be left with nothing (8 partitions and 5 workers: 2, 2, 2, 2, 0).
        let (least, rest) = partitions.quotientAndRemainder(dividingBy: max(1, workers.count))
        let share = least + (workers.count { $0 < worker } < rest ? 1 : 0)
        if mine.count > share, !isGivingBack, let last = mine.max() { return .giveBack(last) }
        guard mine.count < share else { return .nothing }
        let free = (0..<partitions).map { ($0 + worker) % partitions }
            .filter { !locked.contains($0) && !mine.contains($0) && !barred.contains($0) }
        let taken = Array(free.prefix(share - mine.count))
        return taken.isEmpty ? .nothing : .take(taken)
    }
}
