import AMQPClient
import WeirTopology

/// Makes a broker what Weir needs, or says where it is not.
public struct TopologyTool {
    private let settings: AMQPSettings
    private let topology: BrokerTopology

    /// A tool for this broker and number of partitions.
    public init(amqpURL: String, partitions: Int) {
        settings = AMQPSettings(url: amqpURL, connectionName: "weir topology")
        topology = BrokerTopology(partitions: partitions)
    }

    /// Declares what is missing. What is there with other arguments is an error of kind `mismatch`: a queue's
    /// arguments cannot change, so a person has to delete the queue first, once it is empty.
    public func apply() throws {
        let connection = try Connection(settings)
        defer { connection.close() }
        for exchange in topology.exchanges {
            try connection.declareExchange(name: exchange.name, type: exchange.type)
        }
        for queue in topology.queues {
            try connection.declareQueue(name: queue.name, arguments: queue.fields)
        }
        for binding in topology.bindings {
            try connection.bindQueue(
                queue: binding.queue, exchange: binding.exchange, routingKey: binding.routingKey)
        }
    }

    /// What a check has found.
    public struct Findings: Sendable {
        /// What differs, one sentence each; nothing when all is well.
        public internal(set) var faults: [String] = []
        /// Whether arguments were compared too. The broker does not do it for a user who may not declare, which nobody
        /// who works at run time may.
        public internal(set) var comparedArguments = true
    }

    /// Looks what differs.
    ///
    /// Compares a queue's arguments by declaring it again as it should be, which changes nothing on a queue that
    /// is there. A queue with no consumer and no such declaration is missing and is not made.
    public func check() throws -> Findings {
        let connection = try Connection(settings)
        defer { connection.close() }
        var findings = Findings()
        func look(
            _ what: String, isThere: () throws(AMQPError) -> Void, isEqual: () throws(AMQPError) -> Void
        ) throws {
            do throws(AMQPError) {
                try isThere()
                guard findings.comparedArguments else { return }
                do throws(AMQPError) {
                    try isEqual()
                } catch {
                    guard error.kind == .refused else { throw error }
                    findings.comparedArguments = false
                }
            } catch {
                switch error.kind {
                case .missing: findings.faults.append("\(what) is missing")
                case .mismatch: findings.faults.append("\(what) has other arguments")
                default: throw error
                }
            }
        }
        for exchange in topology.exchanges {
            try look("exchange \(exchange.name)") { () throws(AMQPError) in
                try connection.checkExchange(exchange.name)
            } isEqual: { () throws(AMQPError) in
                try connection.declareExchange(name: exchange.name, type: exchange.type)
            }
        }
        for queue in topology.queues {
            try look("queue \(queue.name)") { () throws(AMQPError) in
                _ = try connection.checkQueue(queue.name)
            } isEqual: { () throws(AMQPError) in
                try connection.declareQueue(name: queue.name, arguments: queue.fields)
            }
        }
        return findings
    }
}

extension Queue {
    /// The arguments as AMQP fields.
    public var fields: FieldTable {
        FieldTable(
            arguments.map { argument in
                switch argument.value {
                case .text(let text): (argument.name, .string(text))
                case .integer(let number): (argument.name, .int(Int64(number)))
                case .flag(let flag): (argument.name, .bool(flag))
                }
            })
    }
}
