import Glibc
import PostgresClient
import WeirCore
import WeirPipeline
import WeirTopology
import WeirWire

/// One walk through a partition's log: every SKU and every intent is followed as its events go by.
struct PartitionWalk {
    private typealias Doubt = QuickAudit.Doubt

    /// The intents, as they stand after the last event.
    var ledger: IntentLedger
    /// How many events there were about SKUs.
    private(set) var events = 0
    /// How many SKUs and intents the checkpoint showed.
    private(set) var keptSKUs = 0
    private(set) var keptIntents = 0
    /// Whether there was an event about an order.
    private(set) var seesOrders = false

    private let partition: Int
    private let partitioning: Partitioning
    private let limits: QuickAudit.Limits
    private let requiresCrossings: Bool
    private var last: Int64
    private var places: [SKU: Int] = [:]
    private var trails: [(sku: SKU, trail: StockTrail)] = []
    /// The place of the SKU of the event before: a batch has many of one.
    private var current: Int?

    init(
        _ partition: Int, _ partitioning: Partitioning, after checkpoint: Int64, _ ledger: IntentLedger,
        _ limits: QuickAudit.Limits, requiresCrossings: Bool
    ) {
        self.partition = partition
        self.partitioning = partitioning
        self.ledger = ledger
        self.limits = limits
        self.requiresCrossings = requiresCrossings
        last = checkpoint
    }

    /// Walks from the checkpoint to the head, and opens the books of every SKU; throws a doubt.
    mutating func run(_ session: Session, to head: Int64, _ books: inout StockBooks) throws {
        let key = [Bind.int2(Int16(partition))]
        try takeCheckpoint(session, key)
        try session.stream(Query(Queries.auditLog, key), batch: QuickAudit.batch, ahead: true) { rows in
            for row in 0..<rows.count { try follow(rows, row) }
        }
        guard last == head else { throw Doubt(reason: "the log of partition \(partition) ends at \(last)") }
        try session.stream(Query(Queries.auditStocks, key), batch: QuickAudit.batch) { rows in
            for row in 0..<rows.count {
                let stock = Stock(SKU(unchecked: rows.text(row, 0)), rows, row)
                let place = try self.place(of: stock.sku)
                if let problem = trails[place].trail.finish(stock) { throw Doubt(reason: problem) }
                // It has its row now.
                trails[place].trail = StockTrail()
                books.open(stock, prunedSold: rows.int8(row, 22), lastPlace: rows.int8(row, 23))
            }
            guard books.count <= 8 * limits.skus else { throw Doubt(reason: "there are many SKUs") }
        }
        for (sku, trail) in trails {
            if let problem = trail.finish(nil) { throw Doubt(reason: "\(sku): \(problem)") }
        }
    }

    private mutating func takeCheckpoint(_ session: Session, _ key: [Bind]) throws {
        try session.stream(Query(Queries.auditKeptIntents, key), batch: QuickAudit.batch) { rows in
            for row in 0..<rows.count {
                guard let intent = Intent(rows, row), ledger.begin(intent) else {
                    throw Doubt(reason: "the checkpoint shows an intent twice")
                }
            }
            keptIntents += rows.count
            guard ledger.count <= limits.intents else { throw Doubt(reason: "there are many intents") }
        }
        var names: [SKU] = []
        try session.stream(Query(Queries.auditKeptSkus, key), batch: QuickAudit.batch) { rows in
            names = (0..<rows.count).map { SKU(unchecked: rows.text($0, 0)) }
            let kept = try Checkpoints.trails(of: names, session, requiresCrossings: requiresCrossings)
            for name in names { trails[try place(of: name)].trail = kept[name] ?? StockTrail() }
            keptSKUs += names.count
        }
    }

    // MARK: One event

    private mutating func follow(_ rows: Rows, _ row: Int) throws {
        let seq = rows.int8(row, 0)
        func doubt(_ problem: String) -> Doubt { Doubt(reason: "event \(partition)-\(seq): \(problem)") }
        guard seq == last &+ 1 else { throw doubt("it follows \(last)") }
        last = seq
        // An event of an order, or an answer about one, is about no SKU; orders are walked through by themselves.
        if rows.withBytes(row, 2, { $0.isEmpty }) {
            if rows.text(row, 1).hasPrefix("weir.intent.") { throw doubt("it is about no SKU") }
            seesOrders = true
            return
        }
        events += 1
        let place = try rows.withBytes(row, 2) { try self.place(of: $0) }
        let happening: Happening
        do throws(WireRefusal) {
            happening = try Self.read(rows, row, trails[place].sku)
        } catch {
            throw doubt("it cannot be read: \(error.detail)")
        }
        if let problem = trails[place].trail.follow(happening) { throw doubt(problem) }
        switch happening {
        case .intent(let intent, _, _), .shortfall(let intent, _), .extended(let intent, _),
            .returned(let intent, _, _):
            guard !rows.isNull(row, 3), rows.withBytes(row, 3, { $0.spells(intent.token.text) })
            else { throw doubt("its token is another one") }
            guard ledger.follow(happening) else { throw doubt("its intent does not follow") }
            guard ledger.count <= limits.intents else { throw Doubt(reason: "there are many intents") }
        case .order: seesOrders = true
        case .conflict, .answered, .defined, .adjusted, .crossed: break
        }
    }

    private static func read(_ rows: Rows, _ row: Int, _ sku: SKU) throws(WireRefusal) -> Happening {
        let plain = rows.withBytes(row, 1) { type -> Happening? in
            rows.withBytes(row, 4) { Happening(plain: type, body: $0, of: sku) }
        }
        if let plain { return plain }
        return try Happening(type: rows.text(row, 1), body: rows.bytes(row, 4))
    }

    // MARK: SKUs

    private mutating func place(of name: UnsafeRawBufferPointer) throws -> Int {
        if let current, name.spells(trails[current].sku.text) { return current }
        let place = try self.place(of: SKU(unchecked: String(decoding: name, as: UTF8.self)))
        current = place
        return place
    }

    private mutating func place(of sku: SKU) throws -> Int {
        if let place = places[sku] { return place }
        guard partitioning.partition(of: sku) == partition else {
            throw Doubt(reason: "\(sku) stands in partition \(partition), where it does not live")
        }
        guard SKU(sku.text) != nil else { throw Doubt(reason: "a SKU has a name that none can have") }
        guard trails.count < limits.skus else { throw Doubt(reason: "there are many SKUs") }
        places[sku] = trails.count
        trails.append((sku, StockTrail(requiresCrossings: requiresCrossings)))
        return trails.count - 1
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are exactly this text.
    fileprivate func spells(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { text in
            guard text.count == count, let one = baseAddress, let other = text.baseAddress else {
                return text.count == count
            }
            return memcmp(one, other, count) == 0
        }
    }
}
