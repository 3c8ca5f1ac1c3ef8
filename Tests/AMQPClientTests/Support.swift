import AMQPClient
import Logging
import Synchronization
import Testing

/// Everything that talks to the broker, one at a time: an alarm or a cut is the whole broker's.
@Suite(.serialized) struct WithBroker {}

struct TestFailure: Error, CustomStringConvertible {
    var description: String
    init(_ text: String) { description = text }
}

/// Runs blocking code on a thread with a stack for librabbitmq.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        _ = DedicatedThread(name: "test") { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// Waits for a condition, not for a time.
func eventually(
    _ what: String, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TestFailure("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// The outcomes of a batch, by index, and how often each was told.
final class Ledger: Sendable {
    private let outcomes: Mutex<[[Publisher.Outcome]]>
    private let told = Atomic<Int>(0)

    init(_ count: Int) { outcomes = Mutex(Array(repeating: [], count: count)) }

    func note(_ index: Int, _ outcome: Publisher.Outcome) {
        outcomes.withLock { $0[index].append(outcome) }
        told.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }

    var count: Int { told.load(ordering: .sequentiallyConsistent) }

    /// All outcomes; records an issue unless each message has exactly one.
    func settled(within limit: Duration = .seconds(30)) async throws -> [Publisher.Outcome] {
        let all = outcomes.withLock { $0.count }
        try await eventually("\(all) outcomes", within: limit) { count >= all }
        let lists = outcomes.withLock { $0 }
        #expect(lists.allSatisfy { $0.count == 1 })
        return lists.compactMap(\.first)
    }
}

extension Publisher.Outcome {
    var isUnavailable: Bool { if case .unavailable = self { true } else { false } }
    var isRefused: Bool { if case .refused = self { true } else { false } }
    var isReturned: Bool { if case .returned = self { true } else { false } }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

func makePublisher(_ url: String, _ change: (inout Publisher.Settings) -> Void = { _ in }) -> Publisher {
    var settings = Publisher.Settings(amqp: AMQPSettings(url: url, connectionName: "test publisher"))
    change(&settings)
    return Publisher(settings: settings, logger: quiet)
}

/// Runs with a ready publisher and stops it whatever happens.
func withPublisher(
    _ url: String, _ change: (inout Publisher.Settings) -> Void = { _ in },
    _ body: (Publisher) async throws -> Void
) async throws {
    let publisher = makePublisher(url, change)
    do {
        #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
        try await body(publisher)
    } catch {
        try await onThread { publisher.stop(drain: .zero) }
        throw error
    }
    try await onThread { publisher.stop(drain: .seconds(5)) }
    #expect(publisher.state == .stopped)
}

func text(_ number: Int) -> [UInt8] { Array(String(number).utf8) }

func toQueue(_ queue: String, _ body: [UInt8], mandatory: Bool = true) -> OutgoingMessage {
    OutgoingMessage(exchange: "", routingKey: queue, body: body, mandatory: mandatory)
}

let quorum: FieldTable = ["x-queue-type": "quorum"]

func declare(_ url: String, _ queue: String, _ arguments: FieldTable = quorum) async throws {
    try await onThread {
        let connection = try Connection(AMQPSettings(url: url))
        try connection.declareQueue(name: queue, arguments: arguments)
        connection.close()
    }
}

/// Reads a number of deliveries and acknowledges them.
func drain(_ url: String, _ queue: String, _ count: Int) async throws -> [Delivery] {
    try await onThread {
        let connection = try Connection(AMQPSettings(url: url))
        try connection.qos(prefetch: 2000)
        try connection.consume(queue: queue)
        var result: [Delivery] = []
        while result.count < count {
            guard let delivery = try connection.nextDelivery(wait: .seconds(10)) else { break }
            result.append(delivery)
            if result.count % 500 == 0 { try connection.ack(upTo: delivery.deliveryTag) }
        }
        if let last = result.last { try connection.ack(upTo: last.deliveryTag) }
        connection.close()
        return result
    }
}
