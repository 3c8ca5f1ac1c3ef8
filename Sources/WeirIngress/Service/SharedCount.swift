import Synchronization

/// A number that many add to, each of whom gives back what he added when he is gone.
final class SharedCount: Sendable {
    private let total = Atomic(0)

    /// What one of them has added; gives it back at the latest when nobody holds it any more.
    final class Share: Sendable {
        private let count: SharedCount
        private let mine = Atomic(0)

        fileprivate init(_ count: SharedCount) { self.count = count }

        deinit { giveBack() }

        /// Adds some and returns the total of all.
        func take(_ amount: Int) -> Int {
            mine.wrappingAdd(amount, ordering: .relaxed)
            return count.total.wrappingAdd(amount, ordering: .relaxed).newValue
        }

        func giveBack() {
            let amount = mine.exchange(0, ordering: .relaxed)
            count.total.wrappingSubtract(amount, ordering: .relaxed)
        }
    }

    func share() -> Share { Share(self) }

    var value: Int { total.load(ordering: .relaxed) }
}
