import WeirCore
import WeirPipeline

@testable import WeirSimulation

/// The ports in memory with a hook at every call: what happened is in ``trace``, in its order.
final class Bench: PartitionPorts {
    let partitioning = Partitioning(count: 1)!
    let database: SimulatedDatabase
    let broker = SimulatedBroker()
    let sink = BenchSink()
    let messages = BenchMessages()
    /// What was called, one word each, with its argument.
    var trace: [String] = []
    var writes: [BatchWrite] = []
    /// The tokens that the last snapshot was asked for.
    var lastRequest: [Token] = []
    var reports: [PartitionReport] = []
    /// What the database says to a commit before it looks at it; consumed one a commit.
    var answers: [StoreError?] = []
    /// Refuses a batch, as a constraint does.
    var refuse: (BatchWrite) -> StoreError? = { _ in nil }
    /// Called before a commit reaches the database.
    var onCommit: (BenchStore) -> Void = { _ in }
    /// What connecting says, for as long as it is set.
    var storeTrouble: StoreError?
    var sourceTrouble: SourceError?
    /// What the next call to the session, the consumer says.
    var pingTrouble: StoreError?
    /// Called before a ping is answered.
    var beforePing: () -> Void = {}
    var sourceFails = false
    var jitterValue = 0.5
    /// Called at the end of `fill`, to let something arrive behind it.
    var afterFill: () -> Void = {}
    /// The most that one `fill` returns, whatever it is asked for: what has crossed the network.
    var arriving = Int.max
    var drainedAnswer: Bool?
    private(set) var time: Duration = .zero

    init() { database = SimulatedDatabase(partitioning: partitioning) }

    func pass(_ duration: Duration) {
        time += duration
        database.now = Timestamp(microseconds: database.now.microseconds + duration.wholeMicroseconds)
    }

    func openStore() throws(StoreError) -> BenchStore {
        if let storeTrouble { throw storeTrouble }
        trace.append("open store")
        return BenchStore(self, try database.openSession(partition: 0))
    }

    func openSource() throws(SourceError) -> BenchSource {
        if let sourceTrouble { throw sourceTrouble }
        trace.append("open source")
        return BenchSource(self, broker.openSource(partition: 0))
    }

    func now() -> Duration { time }
    func jitter() -> Double { jitterValue }
    func rest(_ duration: Duration) { pass(duration) }
    func report(_ report: PartitionReport) { reports.append(report) }

    /// Publishes a command to the partition's queue.
    func publish(_ commands: Command...) {
        for command in commands { broker.publish(delivery(command), to: 0) }
    }

    /// The trace without what only reads.
    var effects: [String] { trace.filter { $0 == "commit" || $0.hasPrefix("ack") || $0.hasPrefix("close") } }

    func state(of token: String) -> IntentState? { database.intents[Token(unchecked: token)]?.state }
}

/// A session of the bench's database.
final class BenchStore: PartitionStore {
    private let bench: Bench
    let inner: SimulatedStore

    init(_ bench: Bench, _ inner: SimulatedStore) { (self.bench, self.inner) = (bench, inner) }

    func position() throws(StoreError) -> Position { try inner.position() }
    func read(_ request: SnapshotRequest) throws(StoreError) -> Snapshot {
        bench.trace.append("read \(request.tokens.count)")
        bench.lastRequest = request.tokens
        return try inner.read(request)
    }
    func unservedLines() throws(StoreError) -> [SKU] { try inner.unservedLines() }
    func nextDeadline() throws(StoreError) -> Timestamp? { try inner.nextDeadline() }
    func commit(_ batch: BatchWrite) throws(StoreError) {
        bench.trace.append("commit")
        bench.onCommit(self)
        let answer = bench.answers.isEmpty ? nil : bench.answers.removeFirst()
        if let error = answer ?? bench.refuse(batch) { throw error }
        try inner.commit(batch)
        bench.writes.append(batch)
    }
    func noteSuspect(_ body: [UInt8]) throws(StoreError) -> Int {
        bench.trace.append("note")
        return try inner.noteSuspect(body)
    }
    func readLog(after seq: Int64, limit: Int) throws(StoreError) -> [LoggedEvent] {
        bench.trace.append("log \(seq)")
        return try inner.readLog(after: seq, limit: limit)
    }
    func forwarding() throws(StoreError) -> Forwarding { try inner.forwarding() }
    func readMessages(after seq: Int64, limit: Int) throws(StoreError) -> [AddressedEvent] {
        bench.trace.append("messages \(seq)")
        return try inner.readMessages(after: seq, limit: limit)
    }
    func nextOrderDeadline() throws(StoreError) -> Timestamp? { try inner.nextOrderDeadline() }
    func dueOrders(until: Timestamp, limit: Int) throws(StoreError) -> [Token] {
        bench.trace.append("due orders")
        return try inner.dueOrders(until: until, limit: limit)
    }
    func ping() throws(StoreError) {
        bench.trace.append("ping")
        bench.beforePing()
        if let error = bench.pingTrouble { throw error }
        try inner.ping()
    }
    func close() {
        bench.trace.append("close store")
        inner.close()
    }
}

/// A consumer of the bench's broker.
final class BenchSource: DeliverySource {
    private let bench: Bench
    let inner: SimulatedSource

    init(_ bench: Bench, _ inner: SimulatedSource) { (self.bench, self.inner) = (bench, inner) }

    func fill(limit: Int, wait: Duration) throws(SourceError) -> [Delivery] {
        try fail()
        defer { bench.afterFill() }
        let filled = try inner.fill(limit: min(limit, bench.arriving), wait: wait)
        if filled.isEmpty { bench.pass(wait) }
        return filled
    }
    func isDrained() throws(SourceError) -> Bool {
        bench.trace.append("drained?")
        try fail()
        if let answer = bench.drainedAnswer { return answer }
        return try inner.isDrained()
    }
    func acknowledge(through tag: UInt64) throws(SourceError) {
        try fail()
        bench.trace.append("ack \(tag)")
        try inner.acknowledge(through: tag)
    }
    func pump() throws(SourceError) {
        bench.trace.append("pump")
        try fail()
        try inner.pump()
    }
    func close() {
        bench.trace.append("close source")
        inner.close()
    }
    private func fail() throws(SourceError) {
        guard bench.sourceFails else { return }
        bench.sourceFails = false
        throw SourceError("the consumer was lost")
    }
}

/// Takes events, and says about each what the test wants to be said.
final class BenchSink: EventSink {
    private(set) var sent: [(seq: Int64, epoch: Int)] = []
    private var receipts: [Receipt] = []
    /// Whether the next events are confirmed at once; nil leaves them open.
    var confirms: Bool? = true

    func send(_ events: [LoggedEvent], epoch: Int) {
        for event in events {
            sent.append((event.seq, epoch))
            if let confirms { receipts.append(Receipt(epoch: epoch, seq: event.seq, confirmed: confirms)) }
        }
    }

    func takeReceipts() -> [Receipt] {
        defer { receipts = [] }
        return receipts
    }

    /// Says now what became of what was sent and left open.
    func settle(confirmed: Bool) {
        receipts += sent.map { Receipt(epoch: $0.epoch, seq: $0.seq, confirmed: confirmed) }
    }
}

/// Takes messages, and says about each what the test wants to be said.
final class BenchMessages: MessageSink {
    private(set) var sent: [AddressedEvent] = []
    private var receipts: [MessageReceipt] = []
    /// Whether the next messages are confirmed at once; nil leaves them open.
    var confirms: Bool? = true

    func send(_ messages: [AddressedEvent], epoch: Int) {
        sent += messages
        guard let confirms else { return }
        for message in messages {
            receipts += message.to.map {
                MessageReceipt(epoch: epoch, seq: message.event.seq, partition: $0, confirmed: confirms)
            }
        }
    }

    func takeReceipts() -> [MessageReceipt] {
        defer { receipts = [] }
        return receipts
    }
}

extension Duration {
    var wholeMicroseconds: Int64 { Int64(self / .microseconds(1)) }
}
