import AMQPClient
import WeirCore
import WeirPipeline
import WeirTopology

/// What the broker wrote on a message when it gave it up (header `x-death`, its newest entry first).
///
/// Whoever publishes to `weir.dead` himself can write anything there; it is kept and shown, never believed.
struct BrokerDeath {
    let reason: String
    let queue: String
    let exchange: String
    let routingKey: String

    init?(_ headers: FieldTable) {
        guard case .array(let deaths) = headers["x-death"], case .table(let last) = deaths.first,
            let reason = last["reason"]?.stringValue, let queue = last["queue"]?.stringValue
        else { return nil }
        self.reason = reason
        self.queue = queue
        exchange = last["exchange"]?.stringValue ?? ""
        guard case .array(let keys) = last["routing-keys"], let key = keys.first?.stringValue else {
            routingKey = ""
            return
        }
        routingKey = key
    }

    /// The partition whose queue held it; nil when it was none of them.
    func partition(of count: Int) -> Int? {
        (0..<count).first {
            queue == BrokerTopology.intentsQueue($0) || queue == BrokerTopology.internalQueue($0)
        }
    }

    /// The reason in our words, and a sentence with the remedy.
    var explanation: (reason: String, detail: String) {
        switch reason {
        case "expired":
            (
                "broker_expired",
                "its time to live was over before a worker took it; send it without 'expiration'"
            )
        case "delivery_limit":
            ("broker_delivery_limit", "the broker gave it up after it had come back too often")
        case "rejected":
            (
                "broker_rejected",
                "a consumer rejected it; only Weir's workers may consume from a partition's queue"
            )
        case "maxlen":
            (
                "broker_maxlen",
                "the queue was full and dropped it instead of refusing it; `weir doctor` looks at its policy"
            )
        default: ("broker_other", "the broker dead-lettered it")
        }
    }
}

extension DeadLetter {
    /// The letters of a delivery of `weir.dead`, one for each command that it carries, with the partition that they
    /// belong to, as far as anybody can tell; -1 otherwise.
    static func drained(
        _ arrived: AMQPClient.Delivery, of partitioning: Partitioning
    ) -> [(letter: DeadLetter, partition: Int16)] {
        var commands: [WeirPipeline.Delivery] = []
        arrived.append(to: &commands)
        let death = BrokerDeath(arrived.properties.headers)
        return commands.map { drained($0, death, of: partitioning) }
    }

    private static func drained(
        _ command: WeirPipeline.Delivery, _ death: BrokerDeath?, of partitioning: Partitioning
    ) -> (letter: DeadLetter, partition: Int16) {
        var delivery = command
        if let death {
            // The place where it was published, so that the same message is one letter whoever found it.
            delivery.exchange = death.exchange
            delivery.routingKey = death.routingKey
        }
        let (reason, detail) =
            death?.explanation ?? ("not_dead_lettered", "somebody published it to \(BrokerTopology.dead)")
        let letter = delivery.deadLetter(reason: reason, detail: detail)
        let home = letter.sku.map { partitioning.partition(of: SKU(unchecked: $0)) }
        return (letter, Int16(death?.partition(of: partitioning.count) ?? home ?? -1))
    }

    /// Without what the database refused of it: its own texts and headers.
    func bare() -> DeadLetter {
        var letter = self
        letter.delivery.type = nil
        letter.delivery.details = { DeliveryDetails() }
        letter.token = nil
        letter.sku = nil
        letter.detail = "its properties and headers could not be stored; " + detail
        return letter
    }
}
