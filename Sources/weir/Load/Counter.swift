import Synchronization

/// Numbers 0, 1, 2 … that many tasks draw, each number once.
final class Counter: Sendable {
    private let drawn = Atomic<Int>(0)

    /// The next number.
    func next() -> Int { drawn.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// How many were drawn.
    var count: Int { drawn.load(ordering: .relaxed) }
}
