import Testing
import WeirCore

/// Every sequence of a small alphabet, every batch boundary in it.
///
/// Each sequence is decided one command at a time; then, from each of its earlier points, its end is decided
/// once more as one batch, with and without the holds that have come due. By induction every way of cutting
/// the sequence into batches leads to the same rows and events.
@Suite struct SmallCases {
    /// The stocks and holds from which every alphabet starts.
    static let starts: [(units: Int64, hold: Int64)] = [(0, 0), (0, 10), (1, 0), (1, 10), (2, 0), (2, 10)]

    @Test(arguments: starts)
    func oneIntentLivesItsLifeInEveryOrder(_ start: (units: Int64, hold: Int64)) {
        var alphabet = [
            Letter(submit(tokenA, shirt, 1)), Letter { confirm(id: "confirm-\($0)") },
            Letter(confirm(id: "fixed")), Letter { cancel(id: "cancel-\($0)") },
        ]
        alphabet += [.wait, .sweep]
        Walk(alphabet, depth: 5).all(from: [stock(available: start.units, hold: start.hold)])
    }

    @Test(arguments: starts)
    func twoTokensCompeteInEveryOrder(_ start: (units: Int64, hold: Int64)) {
        let alphabet: [Letter] = [
            Letter(submit(tokenA, shirt, 1)), Letter(submit(tokenA, shirt, 2)),
            Letter(submit(tokenB, shirt, 1)),
            Letter { confirm(id: "confirm-\($0)") }, Letter { cancel(id: "cancel-\($0)") },
            Letter { cancel(tokenB, id: "cancel-\($0)") }, Letter { adjust(by: -1, id: "adjust-\($0)") },
            .wait, .sweep,
        ]
        Walk(alphabet, depth: 4).all(from: [stock(available: start.units, hold: start.hold)])
    }

    @Test(arguments: starts)
    func lateConfirmsCompeteWithNewWishesInEveryOrder(_ start: (units: Int64, hold: Int64)) {
        let alphabet: [Letter] = [
            Letter(submit(tokenA, shirt, 1)), Letter(submit(tokenB, shirt, 1)),
            Letter { confirm(id: "confirm-\($0)") }, Letter { confirm(tokenB, id: "other-\($0)") },
            .wait, .sweep,
        ]
        Walk(alphabet, depth: 5).all(from: [stock(available: start.units, hold: start.hold)])
    }

    /// One who waits, one who is promised units, a newcomer, and units that come free in every way.
    @Test(arguments: lines)
    func aLineIsServedInEveryOrder(_ start: (units: Int64, rule: ShortageRule)) {
        let alphabet: [Letter] = [
            Letter(ask(tokenA, 1)), Letter(ask(tokenB, 2, by: bob)),
            Letter(ask(tokenC, 1, onShortage: .reject)),
            Letter { cancel(id: "cancel-\($0)") }, Letter { cancel(tokenB, id: "other-\($0)") },
            Letter { confirm(id: "confirm-\($0)") }, Letter { adjust(by: 1, id: "adjust-\($0)") }, .wait,
            .sweep,
        ]
        Walk(alphabet, depth: 4).all(from: [Self.row(start.units, start.rule)])
    }

    /// A policy that changes under those who stand in line.
    @Test(arguments: lines)
    func policiesChangeInEveryOrder(_ start: (units: Int64, rule: ShortageRule)) {
        let alphabet: [Letter] = [
            Letter(ask(tokenA, 1)), Letter(ask(tokenB, 1, by: bob)), Letter(ask(tokenC, 1)),
            Letter { define(stocked: 0, hold: 0, id: "final-\($0)", also: { $0.safetyStock = 1 }) },
            Letter { define(stocked: 0, id: "one-\($0)", also: { $0.maxPerBuyer = 1 }) },
            Letter {
                define(
                    stocked: 0, id: "two-\($0)",
                    also: { ($0.onShortage, $0.backorderLimit, $0.lowStockAt) = (.backorder, 1, 1) })
            },
            Letter { cancel(id: "cancel-\($0)") }, Letter { adjust(by: 1, id: "adjust-\($0)") },
        ]
        Walk(alphabet, depth: 4).all(from: [Self.row(start.units, start.rule)])
    }

    /// One intent takes the place of another in every state, with somebody in line behind.
    @Test(arguments: lines)
    func intentsAreReplacedInEveryOrder(_ start: (units: Int64, rule: ShortageRule)) {
        let alphabet: [Letter] = [
            Letter(ask(tokenA, 2)), Letter(ask(tokenB, 1, by: bob)),
            Letter(ask(tokenC, 1, replacing: tokenA)),
            Letter(ask(tokenD, 3, replacing: tokenC)), Letter { confirm(id: "confirm-\($0)") },
            Letter { confirm(tokenC, id: "other-\($0)") }, .wait, .sweep,
        ]
        Walk(alphabet, depth: 4).all(from: [Self.row(start.units, start.rule)])
    }

    /// Holds are extended and sales given back in part.
    @Test(arguments: starts)
    func extensionsAndReturnsInEveryOrder(_ start: (units: Int64, hold: Int64)) {
        let alphabet: [Letter] = [
            Letter(ask(tokenA, 2)), Letter(ask(tokenB, 1)), Letter { confirm(id: "confirm-\($0)") },
            Letter { giveBack(1, id: "return-\($0)") }, Letter { cancel(id: "cancel-\($0)") },
            Letter { extend(to: noon + 15, id: "extend-\($0)") },
            Letter { extend(to: noon + 30, id: "longer-\($0)") }, .wait, .sweep,
        ]
        Walk(alphabet, depth: 4).all(from: [
            stock(available: start.units, hold: start.hold) { $0.maxHoldSeconds = 20 }
        ])
    }

    /// Units on the shelf, and what becomes of those for whom there are too few.
    static let lines: [(units: Int64, rule: ShortageRule)] = [
        (0, .waitlist), (1, .waitlist), (2, .waitlist), (0, .backorder), (1, .backorder),
    ]

    private static func row(_ units: Int64, _ rule: ShortageRule) -> Stock {
        stock(available: units) {
            ($0.onShortage, $0.waitlistLimit, $0.backorderLimit, $0.lowStockAt) = (rule, 3, 3, 1)
        }
    }

    @Test(arguments: starts)
    func twoSKUsAreDefinedAndAdjustedInEveryOrder(_ start: (units: Int64, hold: Int64)) {
        let alphabet: [Letter] = [
            Letter(submit(tokenA, shirt, 1)), Letter(submit(tokenA, mug, 1)), Letter(submit(tokenB, mug, 2)),
            Letter(confirm(tokenA, mug, id: "fixed")), Letter(adjust(mug, by: 1, id: "fixed")),
            Letter { adjust(mug, by: 1, id: "adjust-\($0)") },
            Letter { define(mug, stocked: 1, hold: 0, id: "define-\($0)") },
            Letter { define(mug, stocked: 2, hold: 10, limit: 1, id: "other-\($0)") },
        ]
        Walk(alphabet, depth: 4).all(from: [stock(available: start.units, hold: start.hold)])
    }
}

/// One letter of an alphabet: a command, or what the clock does.
enum Letter {
    /// Ten seconds pass, and a batch ends, for the clock stands still within one.
    case wait
    /// An empty batch: the holds that have come due expire.
    case sweep
    /// The command at this position of the sequence; the position makes ids that are new each time.
    case command((Int) -> Command)

    init(_ command: Command) { self = .command { _ in command } }
    init(_ command: @escaping (Int) -> Command) { self = .command(command) }
}

/// Walks all sequences of an alphabet up to a depth.
private struct Walk {
    let alphabet: [Letter]
    let depth: Int
    /// The worlds since the last end of a batch, and the commands and events between them.
    private var worlds: [World] = []
    private var commands: [Command] = []
    private var events: [Event] = []
    /// Where the events of each of these commands begin.
    private var beginnings: [Int] = []

    init(_ alphabet: [Letter], depth: Int) {
        self.alphabet = alphabet
        self.depth = depth
    }

    /// Checks every sequence and records the first promise that is broken, with the sequence that broke it.
    func all(from rows: [Stock]) {
        do {
            var walk = self
            walk.worlds = [World(at: noon, rows)]
            try walk.extend(0, [])
        } catch {
            Issue.record("\(error)")
        }
    }

    private func extend(_ position: Int, _ path: [Letter]) throws(Broken) {
        guard position < depth else { return }
        for letter in alphabet {
            let longer = path + [letter]
            let next: Walk
            do throws(Broken) {
                next = try following(letter, position)
            } catch {
                throw Broken("\(error), at the end of:\n\(Self.names(of: longer))")
            }
            try next.extend(position + 1, longer)
        }
    }

    private func following(_ letter: Letter, _ position: Int) throws(Broken) -> Walk {
        var next = self
        var world = worlds[worlds.count - 1]
        switch letter {
        case .wait:
            world.now = world.now.adding(seconds: 10)
            next.restart(at: world)
        case .sweep:
            try world.run([], withDue: true)
            next.restart(at: world)
        case .command(let make):
            next.commands.append(make(position))
            next.beginnings.append(events.count)
            next.events += try world.run([make(position)], withDue: false)
            next.worlds.append(world)
            try next.checkBatches()
        }
        return next
    }

    private mutating func restart(at world: World) {
        (worlds, commands, events, beginnings) = ([world], [], [], [])
    }

    /// One batch of the last n commands does what they did one at a time.
    private func checkBatches() throws(Broken) {
        var swept = worlds[worlds.count - 1]
        let expiries = try swept.run([], withDue: true)
        for start in 0..<commands.count {
            let batch = Array(commands[start...])
            let alone = events[beginnings[start]...]
            if batch.count > 1 {
                var together = worlds[start]
                let told = try together.run(batch, withDue: false)
                try promise(same(told, alone), "batched from \(start): other events")
                try promise(together == worlds[worlds.count - 1], "batched from \(start): other rows")
            }
            guard !expiries.isEmpty else { continue }
            var together = worlds[start]
            let told = try together.run(batch, withDue: true)
            try promise(same(told, alone + expiries), "batched with due holds: other events")
            try promise(together == swept, "batched with due holds: other rows")
        }
    }

    /// Only the position in the batch may differ.
    private func same(_ left: [Event], _ right: ArraySlice<Event>) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy {
                $0.seq == $1.seq && $0.at == $1.at && $0.happening == $1.happening
            }
    }

    private static func names(of path: [Letter]) -> String {
        path.enumerated().map { position, letter in
            switch letter {
            case .wait: "wait"
            case .sweep: "sweep"
            case .command(let make): "\(make(position))"
            }
        }.joined(separator: "\n")
    }
}
