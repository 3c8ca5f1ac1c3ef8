/// Where an order stands. Before its coordinator knows it, it is `queued`, which no row ever says.
public enum OrderState: String, Sendable, CaseIterable {
    /// Its participants were asked to reserve their lines. Exits: reserved, confirmed, rejected, cancelled.
    case reserving
    /// Every line is set aside until a deadline. Exits: confirmed, cancelled, expired.
    case reserved
    /// Sold. Exit: cancelled, which gives the units back.
    case confirmed
    /// Given up. No exit.
    case cancelled
    /// The deadline passed. Exits: reclaiming, or confirmed where one partition can tell at once.
    case expired
    /// Not every line could be reserved, so none is. No exit.
    case rejected
    /// A payment came after the hold had expired: participants were asked to take their lines again.
    /// Exits: confirmed, expired.
    case reclaiming

    /// Whether the coordinator waits for its participants before it can say more.
    public var isUndecided: Bool { self == .reserving || self == .reclaiming }
}

/// A set of partitions: a bit for each.
public struct PartitionSet: Hashable, Sendable, Sequence, ExpressibleByArrayLiteral {
    /// Bit n stands for partition n.
    public private(set) var bits: UInt64

    /// The set that these bits say.
    public init(bits: UInt64) { self.bits = bits }

    /// A set of these partitions, each in 0 to 63.
    public init(arrayLiteral partitions: Int...) {
        bits = 0
        for partition in partitions { insert(partition) }
    }

    /// Whether no partition is in it.
    public var isEmpty: Bool { bits == 0 }

    /// Whether this partition is in it.
    public func contains(_ partition: Int) -> Bool { bits & (1 << UInt64(partition)) != 0 }

    /// Adds a partition in 0 to 63.
    public mutating func insert(_ partition: Int) { bits |= 1 << UInt64(partition) }

    /// Takes a partition out.
    public mutating func remove(_ partition: Int) { bits &= ~(1 << UInt64(partition)) }

    /// The partitions of both.
    public func union(_ other: PartitionSet) -> PartitionSet { PartitionSet(bits: bits | other.bits) }

    /// The partitions, the smallest first.
    public func makeIterator() -> AnyIterator<Int> {
        var rest = bits
        return AnyIterator {
            guard rest != 0 else { return nil }
            let next = rest.trailingZeroBitCount
            rest &= rest - 1
            return next
        }
    }
}

extension Token {
    /// The name of an order's line as an intent, `<order>/<n>`.
    ///
    /// No client can send it: a token that comes from outside holds no `/`.
    public static func line(_ number: Int, of order: Token) -> Token {
        Token(unchecked: "\(order.text)/\(number)")
    }

    /// The order and the number of the line that this token names; nil when it is a client's token.
    public var line: (order: Token, number: Int)? {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")),
            let number = Int(text[text.index(after: slash)...]), OrderSubmit.lineLimit.contains(number)
        else { return nil }
        return (Token(unchecked: String(text[..<slash])), number)
    }

    /// Whether this token names a line of an order.
    public var isLine: Bool { text.utf8.contains(UInt8(ascii: "/")) }
}

extension Partitioning {
    /// The partition that coordinates an order: the one in which all of its lines live, or else `crc32(token) mod count`.
    public func coordinator(of order: Token, lines: some Sequence<OrderLine>) -> Int {
        let homes = participants(lines)
        if let only = homes.first(where: { _ in true }), homes == [only] { return only }
        return Int(crc32(order.text.utf8) % UInt32(count))
    }

    /// The partition that a command goes to. Of an order that was submitted it is the one that coordinates it unless all of
    /// its lines live together: then only the order's row can tell.
    public func home(of command: Command) -> Int {
        if let sku = command.sku { return partition(of: sku) }
        guard case .order(let order) = command else { return 0 }
        switch order {
        case .submit(let submit), .discard(let submit):
            return coordinator(of: submit.token, lines: submit.lines)
        case .confirm, .cancel, .extend, .message: return coordinator(of: order.order, lines: [])
        }
    }

    /// The partitions in which lines live.
    public func participants(_ lines: some Sequence<OrderLine>) -> PartitionSet {
        var homes: PartitionSet = []
        for line in lines { homes.insert(partition(of: line.sku)) }
        return homes
    }
}
