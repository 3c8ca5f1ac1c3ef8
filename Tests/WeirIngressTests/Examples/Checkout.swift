import WeirProducer

func checkOut(_ amqpURL: String, order: String, buyer: String, pay: () async throws -> Void) async throws {
    try await withProducer(ProducerSettings(amqpURL: amqpURL)) { producer in
        let tea = PurchaseIntent(token: order, sku: "tea", quantity: 2, buyer: buyer)
        let outcome = try await producer.submit(tea, timeout: .seconds(10))
        guard outcome.status == .reserved else {
            return print("no tea: \(outcome.reason?.rawValue ?? outcome.status.rawValue)")
        }
        try await pay()
        do {
            try await producer.confirm(order, sku: "tea")
            print("two pots of tea for \(buyer)")
        } catch ProducerError.refused(.shortfall, _) {
            print("too late, and sold: give the money back")
        }
    }
}
