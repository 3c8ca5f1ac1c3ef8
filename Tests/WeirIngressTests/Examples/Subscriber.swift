import AMQPClient

func subscribe(_ amqpURL: String, apply: (_ type: String, _ body: [UInt8]) throws -> Void) throws {
    let connection = try Connection(AMQPSettings(url: amqpURL, connectionName: "my shop"))
    try connection.declareQueue(name: "my-swift-shop")
    try connection.bindQueue(queue: "my-swift-shop", exchange: "weir.events", routingKey: "#")
    try connection.consume(queue: "my-swift-shop")
    var last: [Int64: Int64] = [:]  // keep it where you keep what the events change
    while true {
        guard let event = try connection.nextDelivery(wait: .seconds(60)),
            let partition = event.properties.headers["x-weir-partition"]?.intValue,
            let seq = event.properties.headers["x-weir-seq"]?.intValue
        else { continue }
        let expected = last[partition, default: seq - 1] + 1
        if seq > expected { print("events \(expected) to \(seq - 1) of partition \(partition) are missing") }
        if seq == expected {
            try apply(event.properties.type ?? "", event.body)
            last[partition] = seq
        }
        try connection.ack(upTo: event.deliveryTag, multiple: false)
    }
}
