import WeirCore

/// Follows one SKU through the log: each image must follow from the one before, the line must be served in its order,
/// each threshold told once a crossing, and the last image must be the row.
public struct StockTrail: Sendable {
    /// The SKU after the last event; nil before the first one that shows it.
    public private(set) var image: Stock?
    private var line = LineTrail()
    /// The image from which crossings are looked at: the one before the last step.
    private var baseline: Stock?
    /// Another one, where the log does not show whether a cancel was a step of its own or the first half of a
    /// replacement.
    private var otherBaseline: Stock?
    /// The crossings of the last step that were not told yet, seen from each of the baselines.
    private var untold = StockTrail.nothingUntold
    /// The intent that was cancelled by the last event: the next one may take its place, in one step with it.
    private var released: Token?
    private let requiresCrossings: Bool

    /// A SKU before its first event.
    ///
    /// - Parameter requiresCrossings: whether an untold crossing is a problem; logs from before crossings were told
    ///   have them.
    public init(requiresCrossings: Bool = false) { self.requiresCrossings = requiresCrossings }

    /// A SKU as a checkpoint shows it, which lies between two batches: nothing is half told there.
    ///
    /// - Parameters:
    ///   - promised: the places of those whom units are promised, in their order.
    ///   - waiting: the places of those who wait, in their order.
    public init(from image: Stock, promised: [Int64], waiting: [Int64], requiresCrossings: Bool = false) {
        self.image = image
        line = LineTrail(promised: promised, waiting: waiting)
        self.requiresCrossings = requiresCrossings
    }

    /// Checks the next event about the SKU; returns what is wrong with it, or nil.
    public mutating func follow(_ happening: Happening) -> String? {
        switch happening {
        case .conflict, .answered, .order: return nil
        case .crossed(let crossing, let stock): return follow(crossing, stock)
        default: break
        }
        if let missing = beginStep(happening) { return missing }
        defer { lookForCrossings() }
        switch happening {
        case .conflict, .answered, .crossed, .order: return nil
        case .intent(let intent, let from, nil):
            let isRefusal = from == nil && (intent.state == .rejected || intent.neverHeld)
            return image == nil && isRefusal ? nil : "intent \(intent.token) carries no stock"
        case .intent(let intent, let from, let stock?): return follow(intent, from, stock)
        case .shortfall(_, let stock), .extended(_, let stock):
            guard let image else { return "its intent came before the SKU was defined" }
            return check(stock, against: image)
        case .returned(let intent, let units, let stock):
            guard var expected = image else { return "a return came before its SKU was defined" }
            guard intent.state == .confirmed, units <= intent.returned else {
                return "\(units) units of \(intent.token) were returned that it did not have"
            }
            expected.move(units, from: .confirmed, to: .cancelled)
            return check(stock, against: expected)
        case .defined(let stock):
            var expected = image ?? Stock(defining: stock.sku, stocked: stock.stocked, policy: stock.policy)
            if image != nil { expected.version += 1 }
            expected.policy = stock.policy
            expected.countsBuyers = expected.countsBuyers || stock.policy.maxPerBuyer != nil
            return check(stock, against: expected)
        case .adjusted(let stock, let delta, _):
            guard var expected = image else { return "an adjustment came before its SKU was defined" }
            expected.stocked += delta
            expected.available += delta
            expected.version += 1
            return check(stock, against: expected)
        }
    }

    /// What the events so far should have told and did not; to be asked between two batches.
    public var untoldCrossing: String? {
        guard requiresCrossings, let missing else { return nil }
        return "it never said \(missing.rawValue)"
    }

    /// Checks the row of the table against the last image.
    public func finish(_ row: Stock?) -> String? {
        if let untoldCrossing { return untoldCrossing }
        guard row != image else { return nil }
        guard let row else { return "the log defines the SKU, but it has no row" }
        guard let image else { return "the SKU has a row, but the log does not define it" }
        return "the row is \(row.counters), but the log ends with \(image.counters)"
    }

    // MARK: Intents

    private mutating func follow(_ intent: Intent, _ from: IntentState?, _ stock: Stock) -> String? {
        guard var expected = image else {
            return "intent \(intent.token) came before its SKU was defined"
        }
        guard Self.exits(of: from).contains(intent.state) || Self.isWayOfLine(intent, from) else {
            return
                "intent \(intent.token) went from \(from?.rawValue ?? "queued") to \(intent.state.rawValue)"
        }
        if let problem = line.follow(intent, from, &expected) { return problem }
        // A rejection moves nothing, and an intent that expired has nothing left to move.
        let isStill =
            intent.state == .rejected || (from == .expired || from == nil) && intent.state == .cancelled
        if !isStill { expected.move(intent.units, from: from, to: intent.state) }
        return check(stock, against: expected)
    }

    private static func exits(of state: IntentState?) -> [IntentState] {
        switch state {
        case nil: [.rejected, .reserved, .confirmed, .waitlisted, .backordered]
        case .reserved: [.confirmed, .cancelled, .expired]
        case .confirmed: [.cancelled]
        case .expired: [.confirmed, .cancelled]
        case .waitlisted, .backordered: [.reserved, .confirmed, .cancelled]
        case .cancelled, .rejected: []
        }
    }

    /// Ways that only an order's line can take: it is taken again for a late payment, or cancelled before it was known.
    private static func isWayOfLine(_ intent: Intent, _ from: IntentState?) -> Bool {
        intent.token.isLine
            && (from == .expired && intent.state == .reserved || from == nil && intent.neverHeld)
    }

    private mutating func check(_ stock: Stock, against expected: Stock) -> String? {
        // An event does not carry all: the policy stays as it was defined, and the line is counted by its places.
        var stock = stock
        stock.policy = expected.policy
        stock.lastPlace = expected.lastPlace
        stock.countsBuyers = expected.countsBuyers
        image = stock
        guard stock.isBalanced else { return "the image \(stock.counters) is out of balance" }
        return stock == expected
            ? nil : "the image is \(stock.counters), but \(expected.counters) follows from the one before"
    }

    // MARK: Crossings

    /// One array for all trails: most steps cross nothing, and an audit follows millions of them.
    private static let nothingUntold: [[Crossing]] = [[]]

    private mutating func lookForCrossings() {
        untold = Self.nothingUntold
        guard let image, let baseline else { return }
        let crossings = image.crossings(from: baseline)
        if let otherBaseline {
            untold = [crossings, image.crossings(from: otherBaseline)]
        } else if !crossings.isEmpty {
            untold = [crossings]
        }
    }

    /// A step begins, unless this event is the second half of the one before.
    private mutating func beginStep(_ happening: Happening) -> String? {
        if case .intent(let intent, nil, _) = happening, let older = intent.replaces, older == released {
            released = nil
            // A cancel that went through no threshold may have been a command of its own as well.
            if missing == nil { otherBaseline = image }
            return nil
        }
        released = nil
        if case .intent(let intent, _, _) = happening, intent.state == .cancelled { released = intent.token }
        defer { (baseline, otherBaseline) = (image, nil) }
        guard requiresCrossings, let missing else { return nil }
        return "the event before it never said \(missing.rawValue)"
    }

    /// The next crossing that had to be told; nil when the last step told all of them.
    private var missing: Crossing? { untold.contains([]) ? nil : untold.first?.first }

    private mutating func follow(_ crossing: Crossing, _ stock: Stock) -> String? {
        // A replacement tells its crossings behind its second half: a cancel that told one was a step of its own.
        released = nil
        let told = untold.filter { $0.first == crossing }
        guard !told.isEmpty else {
            return "it says \(crossing.rawValue), which it is not for the first time"
        }
        untold = told.map { Array($0.dropFirst()) }
        guard let image else { return "it came before its SKU was defined" }
        guard stock.policy == image.policy else { return "it shows another policy than was defined" }
        return check(stock, against: image)
    }
}

extension Intent {
    /// Whether it is a line whose order had ended before it was known.
    fileprivate var neverHeld: Bool { state == .cancelled && token.isLine }
}

extension Stock {
    var counters: String {
        "stocked \(stocked), available \(available), held \(held), sold \(sold), waitlisted \(waitlisted),"
            + " backordered \(backordered), version \(version)"
    }
}
