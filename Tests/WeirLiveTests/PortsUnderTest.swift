import AMQPClient
import PostgresClient
import Testing
import WeirCore
import WeirLive
import WeirPipeline
import WeirSimulation

/// Which ports a conformance test runs against.
enum Ports: String, CaseIterable, Sendable {
    case inMemory, real
}

/// A database behind either port, for one thread.
final class DatabaseUnderTest {
    private let simulated: SimulatedDatabase?
    private let room: LiveRoom?

    /// With two partitions; the real one in a room of its own.
    static func with(
        _ ports: Ports, _ body: @escaping @Sendable (DatabaseUnderTest) throws -> Void
    ) async throws {
        let room = ports == .real ? try await LiveRoom.make(partitions: 2) : nil
        try await onThread { try body(DatabaseUnderTest(room)) }
    }

    private init(_ room: LiveRoom?) {
        self.room = room
        simulated =
            room == nil ? SimulatedDatabase(partitioning: Partitioning(count: 2).unsafelyUnwrapped) : nil
    }

    /// A session with a partition's lock.
    func open(_ partition: Int = 0) throws(StoreError) -> any PartitionStore {
        if let simulated { return try simulated.openSession(partition: partition) }
        guard let room else { throw StoreError(.away, "no room") }
        let settings = SessionSettings(url: room.databaseURL, applicationName: "test")
        return try LivePartitionStore(settings, partition: partition, of: room.partitioning)
    }

    /// Opens again where a session has just ended: a server needs a moment to notice.
    func reopen(_ partition: Int = 0) throws -> any PartitionStore {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            do throws(StoreError) {
                return try open(partition)
            } catch {
                guard error.kind == .notOwner, ContinuousClock.now < deadline else { throw error }
            }
        }
    }

    /// How many different dead letters there are.
    func deadLetterCount() throws -> Int {
        try simulated?.deadLetters.count ?? room?.count("select count(*) from dead_letter") ?? 0
    }

    /// A SKU of the first partition and one of the second.
    static let (home, elsewhere) = ("s0", "s4")
}

/// The kind of the error that a call throws; nil when it throws none.
func kindOfFailure(_ call: () throws(StoreError) -> Void) -> StoreError.Kind? {
    do throws(StoreError) {
        try call()
        return nil
    } catch {
        return error.kind
    }
}
