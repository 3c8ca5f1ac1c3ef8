import AMQPClient
import Logging
import WeirCore
import WeirTopology

extension Producer {
    /// Connects to the broker, finds how many partitions there are, and makes a producer.
    ///
    /// - Throws: `.disconnected` when the broker cannot be reached or does not let us in, `.unroutable` when there is
    ///   no partition's queue, `.invalid` when the settings cannot work.
    public static func connect(
        _ settings: ProducerSettings, logger: Logger = Logger(label: "weir.producer")
    ) async throws(ProducerError) -> Producer {
        try settings.check()
        let found = await withCheckedContinuation { continuation in
            _ = DedicatedThread(name: "weir-partitions") {
                continuation.resume(returning: Self.partitions(settings))
            }
        }
        return try Producer(settings, partitions: try found.get(), logger: logger)
    }

    /// Counts the partitions' queues, which are numbered from 0 without a gap.
    private static func partitions(_ settings: ProducerSettings) -> Result<Int, ProducerError> {
        do throws(AMQPError) {
            let connection = try Connection(
                AMQPSettings(
                    url: settings.amqpURL, connectionName: "weir producer \(settings.name) partitions"))
            defer { connection.close() }
            var count = 0
            while count < Partitioning.range.upperBound {
                do throws(AMQPError) {
                    try connection.checkQueue(BrokerTopology.intentsQueue(count))
                } catch {
                    guard error.kind == .missing else { return .failure(ProducerError(error)) }
                    break
                }
                count += 1
            }
            return count > 0 ? .success(count) : .failure(.unroutable("there is none at all"))
        } catch {
            return .failure(ProducerError(error))
        }
    }
}
