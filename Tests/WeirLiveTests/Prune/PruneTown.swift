import PostgresClient
import Testing
import WeirCore
import WeirLive
import WeirPipeline
import WeirWire

/// Two partitions on a real database, decided by hand, and the messages between them. A test delivers these, keeps some
/// back, or delivers them again much later.
final class PruneTown {
    /// A message as the broker would deliver it.
    struct Letter {
        let to: Int
        let message: OrderMessage
    }

    let desk: PruneRoom
    let stores: [LivePartitionStore]
    /// A SKU of each partition.
    let skus: [String]
    /// What is under way.
    var mail: [Letter] = []
    /// All that ever was.
    private(set) var sent: [Letter] = []

    var room: LiveRoom { desk.room }

    /// Each SKU has so many units, held for an hour unless `policy` says otherwise.
    init(_ room: LiveRoom, stocked: Int64 = 20, _ policy: (inout SKUPolicy) -> Void = { _ in }) throws {
        desk = try PruneRoom(room)
        stores = [desk.store, try room.openPatientStore(1)]
        skus = [room.sku(in: 0), room.sku(in: 1)]
        for partition in 0..<2 {
            try decide(
                [define(skus[partition], stocked: stocked, id: "d-\(partition)", policy)], at: partition)
        }
    }

    func close() { for store in stores { store.close() } }

    /// A token whose order the partition coordinates.
    func token(_ prefix: String, coordinatedBy partition: Int = 0) -> String {
        room.orderToken(coordinatedBy: partition, prefix)
    }

    // MARK: Deciding

    /// Prepares a batch of a partition as its worker would, with what has come due of orders until then.
    func prepare(_ commands: [Command], at partition: Int, until due: Timestamp? = nil) throws -> BatchWrite {
        let store = stores[partition]
        var request = SnapshotRequest(toForecast: commands, in: partition, of: room.partitioning)
        let dueOrders = try due.map { try store.dueOrders(until: $0, limit: 100) } ?? []
        request.orders += dueOrders.filter { !request.orders.contains($0) }
        var snapshot = try store.read(request)
        snapshot.orders.partition = partition
        snapshot.orders.partitioning = room.partitioning
        snapshot.orders.due = dueOrders
        let decision = try forecast(commands, &snapshot, store)
        var write = BatchWrite(
            headBefore: snapshot.head, decision: decision, at: snapshot.now,
            published: try store.position().published)
        write.events = decision.events.map { event in
            LoggedEvent(
                seq: event.seq, at: event.at, type: event.happening.type,
                sku: event.happening.sku?.text ?? "",
                token: (event.happening.token ?? event.happening.order)?.text, replyTo: nil,
                correlationID: nil, body: event.happening.body(partition: partition))
        }
        return write
    }

    @discardableResult
    func decide(_ commands: [Command], at partition: Int, until due: Timestamp? = nil) throws -> BatchWrite {
        let write = try prepare(commands, at: partition, until: due)
        try stores[partition].commit(write)
        for address in write.decision.orders.addresses {
            guard
                case .order(let told) = write.decision.events[Int(address.seq - write.headBefore) - 1]
                    .happening, let message = told.message
            else { continue }
            for target in address.to { mail.append(Letter(to: target, message: message)) }
        }
        sent += mail.filter { letter in !sent.contains { $0.to == letter.to && $0.message == letter.message }
        }
        return write
    }

    /// Asks the order's coordinator.
    @discardableResult
    func ask(_ commands: Command...) throws -> [Happening] {
        try commands.flatMap { command in
            guard case .order(let order) = command else { return [Happening]() }
            let known = try room.texts(
                "select partition::text from orders where token = $1", [.text(order.order.text)])
            let home = known.first.flatMap { Int($0) } ?? room.partitioning.home(of: command)
            return try decide([command], at: home).decision.events.map(\.happening)
        }
    }

    /// Delivers one message, and says what became of it.
    @discardableResult
    func deliver(_ letter: Letter) throws -> BatchWrite {
        try decide([.order(.message(letter.message))], at: letter.to)
    }

    /// Delivers everything, and says that everything was published and forwarded.
    func settle() throws {
        while !mail.isEmpty { try deliver(mail.removeFirst()) }
        try room.execute("update partition set published = head, forwarded = head")
    }

    /// Lets a partition look at what is due, once something is.
    func look(at partition: Int) throws {
        let isDone = try untilTrue {
            !(try decide([], at: partition, until: try desk.now()).decision.events.isEmpty)
        }
        #expect(isDone, "nothing came due")
    }

    /// An order of a unit of each SKU, submitted and answered.
    @discardableResult
    func submitted(_ prefix: String, coordinatedBy partition: Int = 0, buyer: String = "b") throws -> String {
        let token = token(prefix, coordinatedBy: partition)
        try ask(orderSubmit(token, skus, buyer: buyer))
        try settle()
        return token
    }

    /// The same, and cancelled.
    func cancelled(_ prefix: String, coordinatedBy partition: Int = 0) throws -> String {
        let token = try submitted(prefix, coordinatedBy: partition)
        try ask(orderCancel(token))
        try settle()
        return token
    }

    /// Prunes everything that can go.
    func prune(sold: Bool = false) throws -> PruneReport {
        let now = try desk.now()
        return try desk.prune(now, sold: sold ? now : nil)
    }

    // MARK: Looking

    /// How many rows tables have together.
    func count(_ tables: String...) throws -> Int {
        try tables.reduce(0) { try $0 + room.count("select count(*) from \($1)") }
    }

    /// How many events the logs had in all.
    func heads() throws -> Int { try room.count("select sum(head)::int from partition") }

    /// Every order and line that has a row, and its state.
    func states() throws -> [String] {
        try room.texts(
            """
            select token || ' ' || status from orders union all
            select token || ' ' || status from intent where strpos(token, '/') > 0 order by 1
            """)
    }

    func expectPromisesKept(sourceLocation: SourceLocation = #_sourceLocation) throws {
        try desk.expectPromisesKept(sourceLocation: sourceLocation)
    }
}

extension OrderHappening {
    /// What the event says to a partition that it goes to.
    fileprivate var message: OrderMessage? {
        switch self {
        case .state(let order, _), .told(let order): .image(order)
        case .part(let answer): .answer(answer)
        case .inquired(let inquiry): .inquiry(inquiry)
        case .shortfall, .conflict, .answered: nil
        }
    }
}
