import AMQPClient
import PostgresClient
import Synchronization
import WeirCore

/// Redis decides, in a Lua script that notes a task with each decision; a thread writes the tasks to the database
/// afterwards. A client is answered before its order is in the database.
final class DeductionShop: Shop {
    static let stock = "lab:stock"
    static let pending = "lab:pending"
    static let working = "lab:working"

    private let places: Places
    private let persister = Mutex<DedicatedThread?>(nil)
    private let stopping = Atomic<Bool>(false)

    init(_ places: Places) { self.places = places }

    func makeDecider() throws -> any Decider { try DeductionDecider(places) }

    /// Starts the thread that writes. What a killed server had in its hands is still in the working list, and comes
    /// first: written twice it changes nothing.
    func recover() throws {
        let thread = DedicatedThread(name: "persister") { [self] in
            while !isStopping {
                // After any failure everything anew: what was in hand comes first again.
                try? TaskPersister(places).work { isStopping }
                pause(milliseconds: 100)
            }
        }
        persister.withLock { $0 = thread }
    }

    func stop() {
        stopping.store(true, ordering: .relaxed)
        persister.withLock { $0 }?.join()
    }

    private var isStopping: Bool { stopping.load(ordering: .relaxed) }
}

private struct DeductionDecider: Decider {
    private let redis: RedisConnection
    private let deduct: RedisScript

    init(_ places: Places) throws {
        redis = try RedisConnection(port: places.redisPort, password: places.redisPassword)
        // A token is remembered for a day; a task lists what the order needs, a line each.
        deduct = try RedisScript(
            """
            local known = redis.call('GET', KEYS[3])
            if known then return known end
            local left = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '0')
            local verdict = 'rejected'
            if left >= tonumber(ARGV[3]) then
                redis.call('HINCRBY', KEYS[1], ARGV[2], -tonumber(ARGV[3]))
                verdict = 'confirmed'
            end
            redis.call('SET', KEYS[3], verdict, 'EX', 86400)
            redis.call('RPUSH', KEYS[2], table.concat({ARGV[1], ARGV[2], ARGV[3], ARGV[4], verdict}, '\\n'))
            return verdict
            """, redis)
    }

    func decide(_ submit: Submit) throws -> Verdict {
        let reply = try deduct.run(
            redis,
            keys: [DeductionShop.stock, DeductionShop.pending, "lab:token:\(submit.token.text)"],
            [submit.token.text, submit.sku.text, "\(submit.quantity.units)", submit.buyer.text])
        guard case .text(let text) = reply, let verdict = Verdict(rawValue: text) else {
            throw LabError("the script answered something else")
        }
        return verdict
    }
}

/// Brings tasks into the database, some hundred a transaction, each at least once.
private struct TaskPersister {
    private let redis: RedisConnection
    private let shop: ShopSession
    private let grab: RedisScript

    init(_ places: Places) throws {
        redis = try RedisConnection(port: places.redisPort, password: places.redisPassword)
        shop = try ShopSession(places.databaseURL)
        grab = try RedisScript(
            """
            for number = redis.call('LLEN', KEYS[2]), 499 do
                if not redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT') then break end
            end
            return redis.call('LRANGE', KEYS[2], 0, -1)
            """, redis)
    }

    func work(until isStopping: () -> Bool) throws {
        while !isStopping() {
            let reply = try grab.run(redis, keys: [DeductionShop.pending, DeductionShop.working])
            guard case .list(let tasks) = reply else { throw LabError("the tasks cannot be read") }
            guard !tasks.isEmpty else {
                // Sleeps inside Redis until there is a task.
                _ = try redis.run(
                    "BLMOVE", DeductionShop.pending, DeductionShop.working, "LEFT", "RIGHT", "1")
                continue
            }
            try persist(tasks.map { if case .text(let text) = $0 { text } else { "" } })
            // Only what was written: a task that came meanwhile stays.
            try redis.run("LTRIM", DeductionShop.working, "\(tasks.count)", "-1")
        }
    }

    private func persist(_ tasks: [String]) throws {
        let fields = try tasks.map { task in
            let parts = task.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 5, let units = Int32(parts[2]) else {
                throw LabError("a task cannot be read: \(task)")
            }
            return (token: parts[0], sku: parts[1], units: units, buyer: parts[3], verdict: parts[4])
        }
        _ = try shop.run(
            LabQueries.persist, .texts(fields.map(\.token)), .texts(fields.map(\.sku)),
            .int4s(fields.map(\.units)), .texts(fields.map(\.buyer)), .texts(fields.map(\.verdict)))
    }
}
