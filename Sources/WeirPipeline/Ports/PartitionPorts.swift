import WeirWire

/// How one partition reaches the world.
public protocol PartitionPorts: AnyObject {
    associatedtype Store: PartitionStore
    associatedtype Source: DeliverySource
    associatedtype Sink: EventSink
    associatedtype Messages: MessageSink

    /// Connects a session and takes the partition's lock.
    func openStore() throws(StoreError) -> Store
    /// Connects a consumer.
    func openSource() throws(SourceError) -> Source
    /// Where events go.
    var sink: Sink { get }
    /// Where messages to other partitions go.
    var messages: Messages { get }
    /// Time that only moves forward, from any beginning; never compared with another process's.
    func now() -> Duration
    /// A number from 0 to below 1 that spreads retries.
    func jitter() -> Double
    /// Waits, or returns earlier when there is something to look at.
    func rest(_ duration: Duration)
    /// Tells an operator something worth a line.
    func report(_ report: PartitionReport)
}

/// What a partition's owner has to tell an operator.
public enum PartitionReport: Sendable {
    /// The lock is held and the consumer is subscribed.
    case owning(head: Int64)
    /// The partition was given back.
    case released(String)
    /// Something failed and will be tried again.
    case trouble(String)
    /// A person has to look: the partition does not go on by itself.
    case stopped(String)
    /// A delivery became a dead letter; `trace` is its sender's.
    case deadLetter(reason: String, detail: String, trace: TraceParent?)
    /// A batch was committed.
    case committed(CommittedBatch)
}
