import PostgresClient
import WeirCore

@testable import WeirWire

/// A line of an order as an answer shows it.
struct ShownLine: Equatable {
    let sku: String
    let quantity: Int64
    let status: String
    let reason: String?

    init(_ sku: String, _ quantity: Int64, _ status: String, _ reason: String? = nil) {
        self.sku = sku
        self.quantity = quantity
        self.status = status
        self.reason = reason
    }
}

extension Reply {
    /// The lines of the order in the answer, in their order; line n has to stand at n - 1.
    var lines: [ShownLine] {
        guard case .array(let elements) = value("lines") else { return [] }
        return elements.enumerated().compactMap { position, element in
            guard element["line"]?.number == Int64(position + 1), let sku = element["sku"]?.string,
                let quantity = element["quantity"]?.number, let status = element["status"]?.string
            else { return nil }
            return ShownLine(sku, quantity, status, element["reason"]?.string)
        }
    }
}

extension IngressRoom {
    func order(
        _ token: String, _ lines: [(sku: String, quantity: Int)], buyer: String = "b", wait: Int? = 20,
        headers: [(String, String)] = []
    ) async throws -> Reply {
        let body = lines.map { #"{"sku":"\#($0.sku)","quantity":\#($0.quantity)}"# }.joined(separator: ",")
        return try await send(
            "POST", "/v1/orders",
            headers: headers + [("Idempotency-Key", token), ("Content-Type", "application/json")]
                + (wait.map { [("Prefer", "wait=\($0)")] } ?? []),
            body: #"{"buyer":"\#(buyer)","lines":[\#(body)]}"#)
    }

    func change(
        _ token: String, _ verb: String, _ body: String? = nil, headers: [(String, String)] = []
    ) async throws -> Reply {
        let type = body == nil ? [] : [("Content-Type", "application/json")]
        return try await send("POST", "/v1/orders/\(token)/\(verb)", headers: headers + type, body: body)
    }

    /// A token whose order is coordinated by this partition, if its lines live apart.
    func orderToken(coordinatedBy partition: Int) -> String {
        (0...).lazy.map { "o-\($0)" }.first {
            partitioning.coordinator(of: Token(unchecked: $0), lines: []) == partition
        }!
    }

    /// A name in this partition that begins with `prefix`.
    func sku(in partition: Int, _ prefix: String = "sku") -> String {
        (0...).lazy.map { "\(prefix)-\($0)" }.first {
            partitioning.partition(of: SKU(unchecked: $0)) == partition
        }!
    }

    /// Waits until every answer between partitions has come.
    func ordersSettle() async throws {
        try await eventually("every answer has come") {
            try count(
                "select count(*)::int from orders where awaited <> 0 or status in ('reserving', 'reclaiming')"
            )
                == 0
        }
    }

    /// Changes the database by hand.
    func execute(_ script: String) throws {
        let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "test"))
        defer { session.close() }
        try session.execute(script: script)
    }

    /// Waits until a SKU counts so many units; a line follows its order within the time of a message.
    func expectStock(_ sku: String, held: Int64, sold: Int64, available: Int64) async throws {
        try await eventually("\(sku) has \(held) held, \(sold) sold, \(available) available") {
            let stock = try await get("/v1/skus/\(sku)")
            return stock.number("held") == held && stock.number("sold") == sold
                && stock.number("available") == available
        }
    }
}
