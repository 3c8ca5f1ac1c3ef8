import WeirCore
import WeirTopology
import WeirWire

/// How a ``Producer`` works: its broker, its name, its limits.
public struct ProducerSettings: Sendable {
    /// Where RabbitMQ is, `amqp://user:password@host:port/vhost`, or `amqps://…?cacertfile=/path/ca.pem`.
    ///
    /// The user must be allowed what an ingress is: to write the exchange `weir.intents`, to read `weir.events`, and to
    /// make and read queues whose names begin with `weir.ingress.`.
    public var amqpURL: String
    /// Names the queue to which outcomes come: no two running producers of one broker may have the same. 1 to 128
    /// characters out of A-Z a-z 0-9 _ : -; random unless you choose one.
    public var name = "producer-" + hexadecimal(.random(in: 0...UInt64.max), digits: 16)
    /// The longest from a publish to the broker's confirm, in seconds; at least 2.
    public var confirmSeconds = 5
    /// The most intents and commands that may be on their way to the broker at once; at least 1.
    public var inFlightLimit = 20_000
    /// The most callers that may wait for outcomes at once; at least 1.
    public var waitingLimit = 50_000

    /// Settings with the default limits.
    public init(amqpURL: String) { self.amqpURL = amqpURL }

    func check() throws(ProducerError) {
        var flaws: [FieldFlaw] = []
        func require(_ holds: Bool, _ field: String, _ detail: String) {
            if !holds { flaws.append(FieldFlaw(field: field, detail: "'\(field)' \(detail)")) }
        }
        let isName =
            (1...128).contains(name.utf8.count) && name.utf8.allSatisfy(SKU.permits)
            && !name.utf8.contains(UInt8(ascii: "."))
        require(isName, "name", "must have 1 to 128 characters out of A-Z a-z 0-9 _ : -")
        require(confirmSeconds >= 2, "confirmSeconds", "is \(confirmSeconds); it must be at least 2")
        require(inFlightLimit >= 1, "inFlightLimit", "is \(inFlightLimit); it must be at least 1")
        require(waitingLimit >= 1, "waitingLimit", "is \(waitingLimit); it must be at least 1")
        guard flaws.isEmpty else { throw .invalid(flaws) }
    }

    var core: ProducerCore.Settings {
        ProducerCore.Settings(
            amqpURL: amqpURL, connectionName: "weir producer \(name)", instance: name,
            publishDeadlineSeconds: confirmSeconds, lookUpSeconds: 0, inFlightLimit: inFlightLimit,
            waiterLimit: waitingLimit, doorMilliseconds: nil)
    }
}
