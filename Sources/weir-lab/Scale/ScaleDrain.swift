import Foundation

/// A backlog for eight SKUs, decided by one of several arrangements of the same parts.
struct ScaleDrain {
    /// Who decides it, and where.
    struct Arrangement {
        let name: String
        var workers = 1
        var partitions = 8
        var databases = 1
        /// The share of the time for which a worker runs; nil: always.
        var share: Double?
    }

    /// What was seen.
    struct Result {
        /// Outcomes a second, behind the first commits that were seen.
        var rate = 0.0
        /// Core-microseconds an intent, by meter.
        var costs: [Double] = []
        var waits = Shard.Waits()
        /// Bytes of the write-ahead log an intent.
        var logBytes = 0.0
        /// Core-microseconds an intent of the workers' busiest threads.
        var threads: [(name: String, cost: Double)] = []
    }

    let arrangement: Arrangement
    /// How many intents each SKU has.
    let each: Int
    /// Where each database is, and a virtual host for it.
    let places: [(databaseURL: String, amqpURL: String)]
    /// PostgreSQL and RabbitMQ.
    let servers: [ProcessorMeter]

    /// Without a wait inside: a session belongs to the thread that made it.
    func run() throws -> Result {
        let share = Shard.skus.count / places.count
        var shards: [Shard] = []
        defer { for shard in shards { shard.close() } }
        for (number, place) in places.enumerated() {
            let skus = Array(Shard.skus[number * share..<(number + 1) * share])
            shards.append(
                try Shard(
                    databaseURL: place.databaseURL, amqpURL: place.amqpURL,
                    partitions: arrangement.partitions / places.count, skus: skus))
            try shards[number].publish(each: each)
        }
        var workers: [Child] = []
        defer { for worker in workers { worker.stop() } }
        let crew = arrangement.workers / places.count
        for shard in shards {
            for _ in 0..<crew {
                workers.append(
                    try Child(
                        "weir", ["serve", "--role", "worker", "--log-level", "error"],
                        environment: shard.environment))
            }
        }
        try wait("the workers") { try shards.allSatisfy { try $0.workers() == crew } }
        let throttle = arrangement.share.map { Throttle(workers.map(\.pid), share: $0) }
        defer { throttle?.stop() }
        let meters = [ProcessorMeter(name: "workers", roots: workers.map(\.pid))] + servers
        let threads = ThreadMeter(processes: workers.map(\.pid))
        let (before, threadsBefore) = (meters.map(\.seconds), threads.seconds)
        let logBefore = try shards.reduce(0) { $0 + (try $1.logBytes()) }
        for shard in shards { shard.openGate() }
        var result = Result()
        let (all, intents) = (shards.map { $0.events(each: each) }, each * Shard.skus.count)
        var begin: (at: ContinuousClock.Instant, decided: Int)?
        var seconds: Double?
        try wait("the end of the backlog") {
            guard workers.allSatisfy(\.isRunning) else { throw LabError("a worker has ended") }
            let progress = try shards.map { try $0.progress() }
            let decided = progress.reduce(0) { $0 + $1.decided }
            if begin == nil, decided > 0 { begin = (.now, decided) }
            guard let begin else { return false }
            if seconds == nil {
                result.waits = try shards.reduce(result.waits) { $0 + (try $1.waits()) }
                if zip(progress, all).allSatisfy({ $0.decided >= $1 }) {
                    seconds = (ContinuousClock.now - begin.at).seconds
                }
            }
            return zip(progress, all).allSatisfy { $0.published >= $1 }
        }
        result.rate = Double(all.reduce(0, +) - (begin?.decided ?? 0)) / (seconds ?? .infinity)
        result.costs = zip(meters, before).map { ($0.seconds - $1) / Double(intents) * 1e6 }
        let logAfter = try shards.reduce(0) { $0 + (try $1.logBytes()) }
        result.logBytes = Double(logAfter - logBefore) / Double(intents)
        result.threads = threads.busiest(2, since: threadsBefore)
            .map { ($0.name, $0.seconds / Double(intents) * 1e6) }
        return result
    }

    private func wait(_ what: String, until condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(300)
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                throw LabError("\(what) did not come within five minutes")
            }
            usleep(10_000)
        }
    }
}
