import PostgresClient
import WeirCore
import WeirWire

/// One event of the log as streams send it.
struct LogEntry: Sendable {
    let partition: Int
    /// Its number in the partition.
    let seq: Int64
    /// The SKU that it is about; empty when it is about an order.
    let sku: String
    /// Whose intent it is about, if it is about one.
    let buyer: String?
    /// The event in CloudEvents' structured mode, on one line.
    let json: [UInt8]

    /// What it costs in memory, counting what surrounds the bytes.
    var weight: Int { json.count + 160 }

    /// A row of the query `look_events`.
    init(_ rows: Rows, _ row: Int) {
        let partition = Int(rows.int2(row, 0))
        let (seq, sku, body) = (rows.int8(row, 1), rows.text(row, 4), rows.bytes(row, 5))
        self.init(
            partition: partition, seq: seq, at: Timestamp(microseconds: rows.timestamp(row, 2)),
            type: rows.text(row, 3), sku: sku, token: rows.optionalText(row, 7), body: body,
            trace: rows.optionalText(row, 6))
    }

    init(
        partition: Int, seq: Int64, at: Timestamp, type: String, sku: String, token: String? = nil,
        body: [UInt8], trace: String?
    ) {
        self.partition = partition
        self.seq = seq
        self.sku = sku
        buyer = Self.buyer(in: body)
        json = JSONWriter.object(capacity: body.count + 320) { json in
            json.member("specversion", "1.0")
            json.member("id", "\(partition)-\(seq)")
            json.member("source", "/weir/partitions/\(partition)")
            json.member("type", type)
            if let subject = EventSubject.text(sku: sku, token: token) { json.member("subject", subject) }
            json.member("time", at.rfc3339)
            if let trace { json.member("traceparent", trace) }
            json.member("partition", Int64(partition))
            json.member("seq", seq)
            json.member("datacontenttype", "application/json")
            json.member("data", json: body)
        }
    }

    /// The buyer that an event names: of the intent that it is, or of the one that it has inside.
    private static func buyer(in body: [UInt8]) -> String? {
        guard var fields = try? JSONFields(body) else { return nil }
        if case .text(let buyer) = fields.take("buyer") { return buyer }
        for name in ["intent", "order"] {
            guard case .object(var inner) = fields.take(name) else { continue }
            if case .text(let buyer) = inner.take("buyer") { return buyer }
        }
        return nil
    }
}

/// Which events a stream shows.
struct EventFilter: Sendable {
    var sku: SKU?
    var buyer: Buyer?

    func shows(_ entry: LogEntry) -> Bool {
        if let sku, sku.text != entry.sku { return false }
        guard let buyer else { return true }
        return entry.buyer.map { $0.utf8.elementsEqual(buyer.text.utf8) } ?? false
    }
}
