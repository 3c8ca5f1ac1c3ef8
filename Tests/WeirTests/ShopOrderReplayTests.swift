import Testing
import WeirCore
import WeirLive

@testable import weir

/// The real shop's invoices as orders: each is all or nothing.
@Suite(.serialized, .enabled(if: ShopCSV.path != nil)) struct ShopOrderReplayTests {
    /// A hundred at once, so that many are under way between eight partitions.
    @Test func everyInvoiceIsAllOrNothing() async throws {
        let shop = try await ShopReplay.open()
        defer { shop.close() }
        let invoices = Invoice.all(of: shop.lines)
        let orders = invoices.filter { !$0.wishes.isEmpty }
        #expect(orders.count > 1_800 && orders.contains { $0.wishes.count > 200 })
        var (decided, returned) = (0, 0)
        for begin in stride(from: 0, to: invoices.count, by: 100) {
            let wave = invoices[begin..<min(begin + 100, invoices.count)]
            let messages = wave.flatMap(\.commands).map(shop.message)
            #expect(try await shop.publish(messages) == messages.count)
            decided += wave.count { !$0.wishes.isEmpty }
            returned += wave.reduce(0) { $0 + $1.returns.count }
            try await shop.ordersSettle(decided, returns: returned)
        }

        let statuses = try shop.orderStatuses()
        let lines = try shop.orderLines()
        var sold: [String: Int64] = [:]
        for invoice in orders {
            let name = invoice.number
            let status = try #require(statuses[name], "order \(name) is not decided")
            let found = lines[name] ?? [:]
            if status == "confirmed" {
                #expect(found == invoice.wishes.mapValues { "\($0) confirmed" }, "order \(name)")
                for (sku, units) in invoice.wishes { sold[sku, default: 0] += units }
            } else {
                #expect(status == "rejected order_incomplete", "order \(name) is \(status)")
                #expect(
                    found.values.allSatisfy { !$0.hasSuffix("served") && !$0.hasSuffix("firmed") }, "\(name)")
            }
        }
        #expect(Set(statuses.values) == ["confirmed", "rejected order_incomplete"])
        // Nobody was refused because an answer came too late.
        let shortless =
            "select count(*) from orders where status = 'rejected' and lines not like '%\"reason\"%'"
        #expect(try shop.query(shortless).int(0, 0) == 0)
        // The shelves, from what the file says of the orders that were confirmed.
        var demand = Demand()
        for line in shop.lines { demand.add(line) }
        let rows = try shop.query("select sku, stocked, sold, held from sku")
        #expect(rows.count == demand.items.count)
        for row in 0..<rows.count {
            let sku = rows.text(row, 0)
            let item = try #require(demand.items[sku])
            #expect(rows.int8(row, 1) == item.initialStock + item.returned, "SKU \(sku)")
            #expect(rows.int8(row, 2) == sold[sku] ?? 0, "SKU \(sku)")
            #expect(rows.int8(row, 3) == 0, "SKU \(sku)")
        }
        let audit = try LiveAudit(databaseURL: shop.room.databaseURL).run()
        #expect(audit.holds && audit.orders.checked > 20_000, "\(audit.lines)")
    }

    /// One after another they are decided as one till would decide them.
    @Test func oneInvoiceAfterTheOtherIsDecidedLikeAtOneTill() async throws {
        let shop = try await ShopReplay.open()
        defer { shop.close() }
        var demand = Demand()
        for line in shop.lines { demand.add(line) }
        var shelves = demand.items.mapValues(\.initialStock)
        // From where the shelves begin to be empty.
        let invoices = Invoice.all(of: shop.lines)
        var (expected, count): ([String: String], Int) = ([:], 0)
        for invoice in invoices.filter({ !$0.wishes.isEmpty }).suffix(120) {
            // Every third takes the last units of one of its SKUs before.
            if count % 3 == 0, let (sku, units) = invoice.wishes.min(by: { $0.key < $1.key }) {
                let taken = (shelves[sku] ?? 0) - units + 1
                if taken > 0 {
                    let rival = Invoice(
                        number: "rival-\(count)", customer: "r", wishes: [sku: taken], returns: [])
                    #expect(try await shop.publish(rival.commands.map(shop.message)) == 1)
                    shelves[sku, default: 0] -= taken
                    expected[rival.number] = "confirmed"
                    try await shop.ordersSettle(expected.count)
                }
            }
            count += 1
            #expect(try await shop.publish(invoice.commands.prefix(1).map(shop.message)) == 1)
            let isThere = invoice.wishes.allSatisfy { $1 <= shelves[$0] ?? 0 }
            if isThere { for (sku, units) in invoice.wishes { shelves[sku, default: 0] -= units } }
            expected[invoice.number] = isThere ? "confirmed" : "rejected order_incomplete"
            try await shop.ordersSettle(expected.count)
        }
        #expect(try shop.orderStatuses() == expected)
        #expect(expected.values.count { $0 != "confirmed" } > 20)
        let rows = try shop.query("select sku, available, held from sku")
        for row in 0..<rows.count {
            #expect(
                rows.int8(row, 1) == shelves[rows.text(row, 0)] && rows.int8(row, 2) == 0,
                "\(rows.text(row, 0))")
        }
        #expect(try LiveAudit(databaseURL: shop.room.databaseURL).run().holds)
    }
}

/// One invoice of the file: what it wishes for, SKU by SKU, and what comes back.
private struct Invoice {
    let number: String
    let customer: String
    var wishes: [String: Int64]
    var returns: [ShopLine]

    /// The invoices in the order of their first lines.
    static func all(of lines: [ShopLine]) -> [Invoice] {
        var (invoices, places): ([Invoice], [String: Int]) = ([], [:])
        for line in lines {
            let place = places[line.invoice] ?? invoices.count
            if place == invoices.count {
                places[line.invoice] = place
                invoices.append(
                    Invoice(number: line.invoice, customer: line.customer, wishes: [:], returns: []))
            }
            if line.isReturn {
                invoices[place].returns.append(line)
            } else {
                invoices[place].wishes[line.sku, default: 0] += line.quantity
            }
        }
        return invoices
    }

    /// The order, if something is wished for, then what comes back.
    var commands: [Command] {
        let lines = wishes.sorted { $0.key < $1.key }.map {
            (sku: SKU(unchecked: $0.key), quantity: Quantity(unchecked: $0.value))
        }
        let submit = OrderSubmit(
            token: Token(unchecked: number), buyer: Buyer(unchecked: customer), lines: lines)
        return (submit.map { [.order(.submit($0))] } ?? [])
            + returns.map { line in
                .adjust(
                    Adjustment(
                        id: CommandID(unchecked: line.adjustmentKey), sku: SKU(unchecked: line.sku),
                        delta: -line.quantity, reason: "returned by customer \(line.customer)"))
            }
    }
}

extension ShopReplay {
    /// Waits until so many orders are decided, and every line has followed.
    fileprivate func ordersSettle(_ count: Int, returns: Int = 0) async throws {
        let sql = """
            select (select count(*) from orders where awaited = 0 and status not in ('reserving', 'reclaiming')),
                (select count(*) from command where id like 'return-%')
            """
        let deadline = ContinuousClock.now + .seconds(180)
        while true {
            let rows = try query(sql)
            if rows.int(0, 0) == count, rows.int(0, 1) == returns { return }
            try #require(ContinuousClock.now < deadline, "\(rows.int(0, 0)) of \(count) orders are decided")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    fileprivate func orderStatuses() throws -> [String: String] {
        let rows = try query("select token, status::text || coalesce(' ' || reason::text, '') from orders")
        return Dictionary(uniqueKeysWithValues: (0..<rows.count).map { (rows.text($0, 0), rows.text($0, 1)) })
    }

    /// What the rows of lines say, by order and SKU.
    fileprivate func orderLines() throws -> [String: [String: String]] {
        let rows = try query(
            "select split_part(token, '/', 1), sku, quantity || ' ' || status::text from intent"
                + " where strpos(token, '/') > 0")
        var lines: [String: [String: String]] = [:]
        for row in 0..<rows.count {
            lines[rows.text(row, 0), default: [:]][rows.text(row, 1)] = rows.text(row, 2)
        }
        return lines
    }
}
