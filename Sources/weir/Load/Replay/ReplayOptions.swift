import ArgumentParser
import WeirCore

/// `weir load --csv`: what is replayed, and how.
struct ReplayOptions: ParsableArguments {
    @Option(
        help: """
            Replay this file (columns invoice, sku, quantity, customer): a positive quantity is an intent, a \
            negative one gives units back. Every SKU is first defined with 80 % of what the file asks for.
            """)
    var csv: String?
    @Option(
        parsing: .unconditional,
        help: """
            1 keeps the file's order: a line is sent when the broker has confirmed the one before it of the same \
            SKU. More send at the same time, in no order.
            """)
    var publishers = 1
    @Option(
        parsing: .unconditional,
        help: "With one publisher: lines of different SKUs that are under way at once; 1 is line by line.")
    var window = 32
    @Flag(
        help: """
            Compare with a sequential reference computed from the file; exits with 3 where it differs. Needs SKUs \
            that nobody has used before.
            """)
    var verify = false

    func validate() throws {
        if !(1...1_000).contains(publishers) {
            throw ValidationError("--publishers must be from 1 to 1000")
        }
        if !(1...1_000).contains(window) { throw ValidationError("--window must be from 1 to 1000") }
        if verify && csv == nil { throw ValidationError("--verify compares with a file; give --csv too") }
    }

    /// Lines on their way to acceptance at once.
    private var underWay: Int { publishers == 1 ? window : publishers }
    /// Connections that a replay uses: the look-ups have theirs too.
    var connections: Int { underWay + 32 }

    /// Replays the file; true when a promise is broken.
    func run(_ path: String, client: WeirClient, asJSON: Bool) async throws -> Bool {
        let progress = ProgressLine()
        defer { progress.finish() }
        // A first reading finds every bad line before anything is sent.
        var (demand, reading) = (Demand(), try ShopFile(path: path))
        while let line = try reading.next() { demand.add(line) }
        try await client.knock()
        progress.show("defining \(count(demand.items.count, "SKU"))")
        let book = ReplayBook(lines: demand.lines)
        let replay = Replay(client: client, book: book, window: underWay, keepsOrder: publishers == 1)
        let existing = try await replay.define(demand)
        if existing > 0 {
            progress.say(
                "weir: \(existing) of the file's SKUs existed already; the outcomes may differ from the reference"
            )
        }

        var reference = Reference(stocking: demand)
        let lines = demand.lines
        let start = ContinuousClock.now
        let watching = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(200))
                let numbers = book.numbers
                progress.show("\(numbers.sent) of \(lines) lines sent, \(numbers.settled) settled")
            }
        }
        do {
            try await replay.send(try ShopFile(path: path)) { reference.decide($0) }
        } catch {
            watching.cancel()
            throw error
        }
        watching.cancel()
        await watching.value
        let numbers = book.numbers
        progress.finish("\(numbers.sent) of \(lines) lines sent, \(numbers.settled) settled")
        let seconds = (ContinuousClock.now - start) / .seconds(1)

        let wasInterrupted = Task.isCancelled
        var verification: ReplayVerification?
        var sold: (Int64, Int64)?
        if verify && !wasInterrupted {
            let found = try await stocks(demand, client)
            verification = try check(path, demand, reference, book, found)
            sold = (
                found.values.reduce(0) { $0 + $1.sold }, reference.shelves.values.reduce(0) { $0 + $1.sold }
            )
        }
        let report = ReplayReport(
            numbers: book.numbers, lines: demand.lines, skus: demand.items.count, publishers: publishers,
            window: window, seconds: seconds, sold: sold, verification: verification,
            wasInterrupted: wasInterrupted)
        print(asJSON ? String(decoding: report.json, as: UTF8.self) : report.text)
        if verify && wasInterrupted {
            throw Failure("an interrupted replay cannot be compared with the reference", .failed)
        }
        if !verify && book.numbers.counts[.unexpected] ?? 0 > 0 {
            throw Failure("some lines did not end as they should", .failed)
        }
        return !report.holds
    }

    private func check(
        _ path: String, _ demand: Demand, _ reference: Reference, _ book: ReplayBook, _ found: [String: Stock]
    ) throws -> ReplayVerification {
        var verification = ReplayVerification(
            demand: demand, reference: reference, isOrdered: publishers == 1)
        let entries = book.entries
        var file = try ShopFile(path: path)
        while let line = try file.next(), line.number <= entries.count {
            verification.look(at: line, entries[line.number - 1])
        }
        for sku in demand.items.keys.sorted() { verification.look(at: sku, found[sku]) }
        return verification
    }

    private func stocks(_ demand: Demand, _ client: WeirClient) async throws -> [String: Stock] {
        try await withThrowingTaskGroup(of: (String, Stock?).self) { group in
            let slots = Slots(connections)
            for sku in demand.items.keys {
                group.addTask {
                    await slots.take()
                    defer { slots.giveBack() }
                    do throws(WeirClientError) {
                        return (
                            sku,
                            try await Retrying().call { () async throws(WeirClientError) in
                                try await client.sku(sku)
                            }.stock
                        )
                    } catch {
                        guard error.problem?.status == 404 else { throw error }
                        return (sku, nil)
                    }
                }
            }
            var found: [String: Stock] = [:]
            for try await (sku, stock) in group { found[sku] = stock }
            return found
        }
    }
}
