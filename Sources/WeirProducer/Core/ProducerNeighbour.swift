import WeirCore

/// What somebody who is built on a producer does around it, on the producer's threads; none of it may wait.
///
/// Closures and not a protocol: each is called once a flight or once an outcome, and a producer on its own has none.
package struct ProducerNeighbour: Sendable {
    /// Tells of the tokens of a flight which of them are decided: nil when nobody can tell. Must call back once.
    package typealias LookUp =
        @Sendable (
            _ flight: [Lanes.Wish], _ then: @escaping @Sendable (_ known: ((Token) -> Intent?)?) -> Void
        ) -> Void

    /// Asked before a flight is published; nil leaves known tokens to the worker, who says the same.
    package var lookUp: LookUp?
    /// A flight is about to be published.
    package var beforePublish: @Sendable ([Lanes.Wish]) -> Void = { _ in }
    /// So many wishes of a partition were confirmed.
    package var afterConfirm: @Sendable (_ wishes: Int, _ partition: Int) -> Void = { _, _ in }
    /// A wish was published and not confirmed.
    package var afterFailure: @Sendable (Lanes.Wish) -> Void = { _ in }
    /// An outcome was heard, and nobody has been told yet.
    package var beforeOutcome: @Sendable (Happening) -> Void = { _ in }
    /// Those who waited for an outcome have been told; it came with this correlation id.
    package var afterOutcome: @Sendable (Happening, UInt64?) -> Void = { _, _ in }

    /// One who does nothing.
    package init() {}
}
