import AMQPClient
import Synchronization
import WeirCore

/// Clients with a record of their own: for each SKU one who sends a wish after the other, each only after the one
/// before was confirmed, and repeats what was not confirmed under the same token.
final class Crowd: Sendable {
    private let room: LiveRoom
    private let publisher: Publisher
    private let record = Mutex<[String]>([])
    private let isFinishing = Atomic<Bool>(false)
    private let retryCount = Atomic<Int>(0)
    private let refused = Mutex<[String: Int]>([:])
    private let running = Mutex<Task<Void, Never>?>(nil)
    let skus: [String]

    /// Units of each SKU: fewer than wishes, so that both answers occur.
    static let stocked: Int64 = 40
    /// A pause between two wishes of one buyer, so that a fault of half a minute still meets a load.
    private static let pace: Duration = .milliseconds(5)
    private static let longest = 15_000

    init(_ room: LiveRoom, skus: Int = 6) {
        self.room = room
        self.skus = (0..<skus).map { "s\($0)" }
        publisher = room.publisher()
    }

    /// The tokens whose publication was confirmed, and with it promised.
    var confirmed: [String] { record.withLock { $0 } }
    /// How often a publication had to be repeated.
    var retries: Int { retryCount.load(ordering: .relaxed) }

    /// What became of the publications that were not confirmed, by SKU.
    var refusals: [String: Int] { refused.withLock { $0 } }

    /// Begins, and returns once something was confirmed.
    func start(warmUp: Int = 50) async {
        running.withLock {
            $0 = Task { [self] in
                await withTaskGroup(of: Void.self) { group in
                    for sku in skus { group.addTask { [self] in await shop(sku) } }
                }
            }
        }
        await waitForMore(warmUp)
    }

    /// Waits until so many more wishes were confirmed.
    func waitForMore(_ count: Int) async {
        let goal = confirmed.count + count
        _ = try? await eventually(within: .seconds(60)) { confirmed.count >= goal }
    }

    /// Lets everybody end with the wish that is under way.
    func finish() async {
        isFinishing.store(true, ordering: .relaxed)
        await running.withLock { $0 }?.value
        try? await onThread { [publisher] in publisher.stop(drain: .seconds(1)) }
    }

    private func shop(_ sku: String) async {
        // Some sales are final at once, others are holds.
        let holdSeconds: Int64 = sku.hasSuffix("1") ? 900 : 0
        guard await confirm(define(sku, stocked: Self.stocked, holdSeconds: holdSeconds)) else { return }
        for number in 0..<Self.longest where !isFinishing.load(ordering: .relaxed) {
            let wish = submit("\(sku)~\(number)", sku)
            guard await confirm(wish) else { return }
            record.withLock { $0.append("\(sku)~\(number)") }
            try? await Task.sleep(for: Self.pace)
            // Every seventh asks again, although it was promised an answer.
            if number % 7 == 0 { _ = await publisher.publish(room.message(wish)) }
        }
    }

    private func confirm(_ command: Command) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < deadline {
            let outcome = await publisher.publish(room.message(command))
            if outcome == .confirmed { return true }
            refused.withLock { $0["\(command.sku?.text ?? "an order"): \(outcome)", default: 0] += 1 }
            retryCount.wrappingAdd(1, ordering: .relaxed)
            try? await Task.sleep(for: .milliseconds(20))
            _ = await publisher.waitUntilReady(timeout: .seconds(5))
        }
        return false
    }
}
