import WeirCore
import WeirWire

/// A SKU as the API shows it.
struct SKUAnswer: Sendable, Hashable {
    let stock: Stock
    let partition: Int?

    init(_ fields: JSONFields) throws(WeirClientError) {
        var fields = fields
        partition = fields.integer("partition").map(Int.init)
        do throws(WireRefusal) {
            stock = try Stock(from: &fields)
        } catch {
            throw .garbled("\(error)")
        }
    }
}

extension WeirClient {
    /// Asks once whether anybody is there; whatever is answered counts as yes.
    func knock() async throws(WeirClientError) {
        do throws(WeirClientError) {
            _ = try await call(.get, "/livez")
        } catch {
            guard error.problem != nil else { throw error }
        }
    }

    /// Defines a SKU: `stocked` counts when it is new, the policy always.
    func putSKU(
        _ sku: String, stocked: Int64? = nil, holdSeconds: Int64? = nil, maxPerIntent: Int64? = nil
    ) async throws(WeirClientError) -> SKUAnswer {
        var fields = PolicyFields()
        fields.set("stocked", stocked)
        fields.set("hold_seconds", holdSeconds)
        fields.set("max_per_intent", maxPerIntent)
        return try await putSKU(sku, fields)
    }

    /// The same with any fields; with `ifVersion` only if the SKU still has that version.
    func putSKU(
        _ sku: String, _ fields: PolicyFields, ifVersion: Int64? = nil
    ) async throws(WeirClientError) -> SKUAnswer {
        let body = JSONWriter.object { json in
            for member in fields.members { json.member(named: member.name, member.value) }
        }
        let headers = ifVersion.map { [(name: "If-Match", value: "\"\($0)\"")] } ?? []
        let reply = try await call(.put, "/v1/skus/\(Self.escaped(sku))", headers: headers, body: body)
        return try SKUAnswer(reply.fields())
    }

    /// Reads one SKU.
    func sku(_ sku: String) async throws(WeirClientError) -> SKUAnswer {
        try SKUAnswer(try await call(.get, "/v1/skus/\(Self.escaped(sku))").fields())
    }

    /// Adds units, or takes some that are available. The same key again changes nothing.
    func adjust(
        _ sku: String, delta: Int64, reason: String, key: String
    ) async throws(WeirClientError) -> SKUAnswer {
        let body = JSONWriter.object { json in
            json.member("delta", delta)
            json.member("reason", reason)
        }
        return try SKUAnswer(
            try await call(
                .post, "/v1/skus/\(Self.escaped(sku))/adjustments", headers: [("Idempotency-Key", key)],
                body: body
            ).fields())
    }

    /// One page of SKUs in order of their names, and where the next one begins.
    func skus(
        after cursor: String? = nil, limit: Int? = nil
    ) async throws(WeirClientError) -> (skus: [SKUAnswer], next: String?) {
        var query: [String] = []
        if let cursor { query.append("after=\(Self.escaped(cursor))") }
        if let limit { query.append("limit=\(limit)") }
        var fields = try await call(.get, "/v1/skus" + Self.text(of: query)).fields()
        guard case .array(let items) = fields.take("skus") else { throw .garbled("it has no list 'skus'") }
        var skus: [SKUAnswer] = []
        for case .object(let item) in items { skus.append(try SKUAnswer(item)) }
        return (skus, fields.text("next"))
    }
}
