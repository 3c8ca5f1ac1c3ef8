import WeirCore

/// Follows a SKU's line through the log: places are given out one by one, whom units are promised comes before the
/// waitlist, and within each nobody is passed over. Holds one number for each intent in line.
struct LineTrail: Sendable {
    private var promised: Places
    private var waiting: Places

    /// A line with these places, each list in its order.
    init(promised: [Int64] = [], waiting: [Int64] = []) {
        self.promised = Places(promised)
        self.waiting = Places(waiting)
    }

    /// Checks an intent's step; returns what is wrong with it, or nil. Notes the place in the expected stock.
    mutating func follow(_ intent: Intent, _ from: IntentState?, _ expected: inout Stock) -> String? {
        if from == nil, intent.state.isInLine {
            guard intent.place == expected.lastPlace + 1 else {
                return
                    "intent \(intent.token) took the place \(intent.place ?? 0) after \(expected.lastPlace)"
            }
            expected.lastPlace += 1
            if intent.state == .backordered {
                promised.join(expected.lastPlace)
            } else {
                waiting.join(expected.lastPlace)
            }
            return nil
        }
        guard let from, from.isInLine else { return nil }
        guard let place = intent.place else { return "intent \(intent.token) stood in line without a place" }
        if intent.state.isClaim {
            let isNext = from == .backordered ? promised.first == place : waiting.first == place
            guard isNext else { return "intent \(intent.token) was served before its turn" }
            guard from == .backordered || promised.first == nil else {
                return "intent \(intent.token) was served before somebody whom units were promised"
            }
        }
        if from == .backordered { promised.leave(place) } else { waiting.leave(place) }
        return nil
    }
}

/// Places in their order, of which some have been left.
private struct Places: Sendable {
    private var all: [Int64]
    private var next = 0
    private var left: Set<Int64> = []

    init(_ all: [Int64]) { self.all = all }

    var first: Int64? { next < all.count ? all[next] : nil }

    mutating func join(_ place: Int64) { all.append(place) }

    mutating func leave(_ place: Int64) {
        left.insert(place)
        while next < all.count, left.remove(all[next]) != nil { next += 1 }
        if next > 1_000, next > all.count / 2 {
            all.removeFirst(next)
            next = 0
        }
    }
}
