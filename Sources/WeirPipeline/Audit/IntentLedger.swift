import WeirCore

/// Follows many intents through the log at once, in a few bytes each: what never changes of an intent is a hash of it,
/// what may change stands by itself. It says whether everything follows, as ``IntentTrail`` does; what is wrong it cannot
/// say, because it does not know names.
///
/// Hashes are keyed anew in every process, so that nothing that is stored can be made to collide.
public struct IntentLedger: Sendable {
    fileprivate struct Image: Sendable, Hashable {
        /// Token, SKU, quantity, buyer, what was asked for, place, date shown, and the time of the decision.
        let payload: UInt64
        var holdUntil: Int64
        var grantedAt: Int64
        var returned: Int32
        var state: UInt8
        var reason: UInt8
    }

    private var images: [UInt64: Image] = [:]
    private let horizon: Timestamp?

    /// A ledger before the first event.
    ///
    /// - Parameter horizon: as for ``IntentTrail``.
    public init(horizon: Timestamp? = nil) { self.horizon = horizon }

    /// How many intents it follows.
    public var count: Int { images.count }

    /// Takes an intent over as a checkpoint shows it; false when it is known already.
    public mutating func begin(_ intent: Intent) -> Bool {
        images.updateValue(Image(intent), forKey: Self.key(intent.token)) == nil
    }

    /// Takes the next event about an intent, and says whether it follows from those before; other events always do.
    public mutating func follow(_ happening: Happening) -> Bool {
        switch happening {
        case .conflict, .answered, .defined, .adjusted, .crossed, .order: return true
        case .intent(let intent, let from, _):
            let (key, image) = (Self.key(intent.token), Image(intent))
            guard let from else { return images.updateValue(image, forKey: key) == nil }
            guard let before = images.updateValue(image, forKey: key) else { return false }
            return before.state == from.code && before.payload == image.payload
                && before.returned == image.returned
                && (before.grantedAt == Image.never || before.grantedAt == image.grantedAt)
        case .extended(let intent, _):
            let image = Image(intent)
            guard var before = images.updateValue(image, forKey: Self.key(intent.token)),
                before.holdUntil != Image.never, image.holdUntil > before.holdUntil
            else { return false }
            before.holdUntil = image.holdUntil
            return before == image
        case .returned(let intent, let units, _):
            let image = Image(intent)
            guard var before = images.updateValue(image, forKey: Self.key(intent.token)), units > 0 else {
                return false
            }
            before.returned &+= Int32(truncatingIfNeeded: units)
            return before == image
        case .shortfall(let intent, _):
            guard let before = images[Self.key(intent.token)] else {
                // Of a token that was forgotten the log may still tell that somebody paid too late.
                return intent.state == .expired && horizon.map { intent.decidedAt < $0 } ?? false
            }
            return before == Image(intent)
        }
    }

    /// How all of its intents stand: to be compared with the rows of the table.
    public var sum: IntentSum {
        var sum = IntentSum()
        for image in images.values { sum.add(image.hashValue) }
        return sum
    }

    /// How an intent stands, added to a sum.
    public static func add(_ intent: Intent, to sum: inout IntentSum) { sum.add(Image(intent).hashValue) }

    /// Forgets every intent, and keeps its memory for others.
    public mutating func removeAll() { images.removeAll(keepingCapacity: true) }

    private static func key(_ token: Token) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(bytesOf: token.text)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

/// How a set of intents stand, whatever their order: equal when they are the same intents, standing in the same way.
/// Two sets that differ are taken for equal once in 2^64 times.
public struct IntentSum: Sendable, Hashable {
    /// How many intents.
    public private(set) var count = 0
    private var sum = 0

    /// Of no intent.
    public init() {}

    /// Takes others in.
    public static func += (left: inout IntentSum, right: IntentSum) {
        left.count += right.count
        left.sum &+= right.sum
    }

    fileprivate mutating func add(_ hash: Int) {
        count += 1
        sum &+= hash
    }
}

extension IntentLedger.Image {
    /// No time at all, which nothing that is read can be: the server's minus infinity is one less.
    static let never = Int64.min + 1

    init(_ intent: Intent) {
        payload = intent.payloadHash
        holdUntil = intent.holdUntil?.microseconds ?? Self.never
        grantedAt = intent.grantedAt?.microseconds ?? Self.never
        returned = Int32(truncatingIfNeeded: intent.returned)
        state = intent.state.code
        reason = intent.reason?.code ?? 255
    }
}

extension Intent {
    /// A hash of all that never changes.
    fileprivate var payloadHash: UInt64 {
        var hasher = Hasher()
        hasher.combine(bytesOf: token.text)
        hasher.combine(bytesOf: sku.text)
        hasher.combine(bytesOf: buyer.text)
        hasher.combine(quantity.units)
        hasher.combine(decidedAt.microseconds)
        // No row has more than fits, so that it can never be taken for one.
        if Int32(exactly: returned) == nil { hasher.combine(returned) }
        // Most have none of these.
        if onShortage != nil || replaces != nil || place != nil || availableFrom != nil {
            hasher.combine(onShortage)
            hasher.combine(replaces == nil)
            hasher.combine(bytesOf: replaces?.text ?? "")
            hasher.combine(place)
            hasher.combine(availableFrom)
        }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

extension Hasher {
    /// A text's bytes, and one behind them that no UTF-8 holds, so that two texts never read as one.
    fileprivate mutating func combine(bytesOf text: String) {
        var text = text
        text.withUTF8 { combine(bytes: UnsafeRawBufferPointer($0)) }
        combine(UInt8(255))
    }
}

extension IntentState {
    fileprivate var code: UInt8 {
        switch self {
        case .reserved: 0
        case .confirmed: 1
        case .cancelled: 2
        case .expired: 3
        case .rejected: 4
        case .waitlisted: 5
        case .backordered: 6
        }
    }
}

extension RejectionReason {
    fileprivate var code: UInt8 {
        switch self {
        case .soldOut: 0
        case .unknownSKU: 1
        case .quantityLimit: 2
        case .buyerLimit: 3
        case .notOnSale: 4
        case .orderIncomplete: 5
        case .discarded: 6
        case .notReplaceable: 7
        }
    }
}
