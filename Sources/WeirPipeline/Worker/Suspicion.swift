/// Finds the delivery that kills its worker without punishing the innocent beside it.
///
/// A delivery that has come back more than once is decided alone, and before that its digest is committed as
/// `suspect`. Whoever finds it there a third time knows that two workers died while they decided it.
struct Suspicion: Sendable {
    static let explanation =
        "two workers died while they decided this message; it was not tried a third time"
    /// How often a delivery must have come back before it is decided alone.
    private static let threshold = 2
    private static let culpritAfter = 3

    /// What this process noted and survived, with the count it found: a lost connection is not a death.
    private var noted: [[UInt8]: Int] = [:]
    /// How many notes of this process were lost with their session: they may have been counted, and are no deaths.
    private var unsure: [[UInt8]: Int] = [:]

    /// How many of the deliveries may be decided together.
    func sizeOfNextBatch(_ deliveries: [Delivery]) -> Int {
        guard let first = deliveries.first else { return 0 }
        if isSuspicious(first) { return 1 }
        return deliveries.firstIndex(where: isSuspicious) ?? deliveries.count
    }

    private func isSuspicious(_ delivery: Delivery) -> Bool {
        delivery.redelivered && delivery.deliveryCount >= Self.threshold
    }

    /// Notes a suspicious delivery before it is decided.
    ///
    /// - Returns: the delivery itself if it is the culprit, and the bodies that the batch's commit clears.
    mutating func note(
        _ batch: [Delivery], _ store: some PartitionStore
    ) throws(StoreError) -> (culprit: Delivery?, bodies: [[UInt8]]) {
        guard batch.count == 1, let delivery = batch.first, isSuspicious(delivery) else { return (nil, []) }
        var times = noted[delivery.body] ?? 0
        if times == 0 {
            let before = unsure[delivery.body] ?? 0
            unsure[delivery.body] = before + 1
            times = max(1, try store.noteSuspect(delivery.body) - before)
            unsure[delivery.body] = before
        }
        noted[delivery.body] = times
        return (times >= Self.culpritAfter ? delivery : nil, [delivery.body])
    }

    /// These were decided.
    mutating func forget(_ bodies: [[UInt8]]) {
        for body in bodies {
            noted[body] = nil
            unsure[body] = nil
        }
    }
}
