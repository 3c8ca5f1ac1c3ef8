import Foundation
import PostgresClient
import WeirCore
import WeirSandbox

@testable import weir_lab

/// The lab's, not the core's of the same name.
typealias Verdict = weir_lab.Verdict

/// A shop with one SKU on real servers, which all tests share.
struct LabRoom {
    let places: Places
    let shop: any Shop
    let counter: ShopCounter

    private static let sandbox = Task {
        try await Sandbox.start(.init(rabbitmq: false, redis: .everysec))
    }

    /// A database of a test's own.
    static func room() async throws -> Room { try await sandbox.value.makeRoom() }

    static func make(_ strategy: Strategy, units: Int, recovered: Bool = true) async throws -> LabRoom {
        let places = try await ShopOpening.places(of: strategy, in: sandbox.value)
        try ShopOpening.open(strategy, places, stock: [(sku: "hot", units: units)])
        guard let shop = strategy.makeShop(places) else { throw LabError("Weir has no shop here") }
        if recovered { try shop.recover() }
        return LabRoom(
            places: places, shop: shop, counter: ShopCounter(strategy: strategy, places: places))
    }

    func submit(_ token: String) -> Submit {
        Submit(
            token: Token(unchecked: token), sku: SKU(unchecked: "hot"), quantity: Quantity(unchecked: 1),
            buyer: Buyer(unchecked: "ada"))
    }

    /// Asks for every token twice at once, and returns what each was told.
    func rush(tokens: Int, threads: Int) async throws -> [String: Set<Verdict>] {
        let deciders = DeciderThreads(shop, count: threads)
        defer { deciders.stop() }
        return try await withThrowingTaskGroup(of: (String, Verdict).self) { group in
            for number in 0..<(tokens * 2) {
                group.addTask {
                    let token = "t\(number / 2)"
                    for _ in 0..<20 {
                        if let verdict = await deciders.decide(submit(token)) { return (token, verdict) }
                    }
                    throw LabError("\(token) was never decided")
                }
            }
            var told: [String: Set<Verdict>] = [:]
            for try await (token, verdict) in group { told[token, default: []].insert(verdict) }
            return told
        }
    }

    /// Waits until Redis has no task left.
    func settle() async throws {
        guard counter.strategy == .redisDeduction else { return }
        let redis = try RedisConnection(port: places.redisPort, password: places.redisPassword)
        try await until("the writing of all tasks", within: .seconds(20)) {
            try [DeductionShop.pending, DeductionShop.working].allSatisfy {
                try redis.run("LLEN", $0) == .integer(0)
            }
        }
    }

    func execute(_ script: String, other: Bool = false) throws {
        let url = other ? places.otherDatabaseURL : places.databaseURL
        let session = try Session(SessionSettings(url: url, applicationName: "test"))
        defer { session.close() }
        try session.execute(script: script)
    }
}
