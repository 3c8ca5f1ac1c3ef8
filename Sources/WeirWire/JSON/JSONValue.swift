/// A JSON value as it was written: whole numbers stay whole, and anything that a strict reader must refuse is
/// still told apart, so that the refusal can say what was found.
public enum JSONValue: Hashable, Sendable {
    case text(String)
    /// A number without point or exponent that fits into 64 bits.
    case integer(Int64)
    /// Any other number, as it was written.
    case otherNumber(String)
    case flag(Bool)
    case null
    case object(JSONFields)
    case array([JSONValue])

    /// What the value is, for messages.
    public var kind: String {
        switch self {
        case .text: "a string"
        case .integer: "a number"
        case .otherNumber(let text): "the number \(text.prefix(24))"
        case .flag: "true or false"
        case .null: "null"
        case .object: "an object"
        case .array: "an array"
        }
    }
}

/// The members of a JSON object, in their order; a name occurs once.
///
/// A reader takes the members it knows and ends with ``end()``, which refuses the ones left over.
public struct JSONFields: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        let name: String
        let value: JSONValue
    }
    var members: [Member] = []
    private var taken: UInt64 = 0

    /// The members of the object that `bytes` hold.
    ///
    /// RFC 8259, read strictly: one object, valid UTF-8, no name twice, at most ``JSONScanner/deepest`` levels.
    public init(_ bytes: some Sequence<UInt8>) throws(WireRefusal) {
        self = try JSONScanner.object(Array(bytes))
    }

    /// An object with these members; of a name that occurs twice the first is kept.
    public init(_ pairs: some Sequence<(String, JSONValue)>) {
        var seen: Set<String> = []
        for (name, value) in pairs where seen.insert(name).inserted {
            members.append(Member(name: name, value: value))
        }
    }

    init() {}

    /// Every member with its value, in their order.
    public var pairs: [(name: String, value: JSONValue)] { members.map { ($0.name, $0.value) } }

    /// The object as JSON again.
    public var json: [UInt8] {
        JSONWriter.object { json in
            for member in members { json.member(named: member.name, member.value) }
        }
    }

    /// The object with a member set to a value, in its place or at the end; with nil the member goes.
    public func setting(_ name: String, to value: JSONValue?) -> JSONFields {
        var copy = self
        copy.taken = 0
        let place = copy.members.firstIndex { $0.name == name }
        switch (place, value) {
        case (let place?, let value?): copy.members[place] = Member(name: name, value: value)
        case (let place?, nil): copy.members.remove(at: place)
        case (nil, let value?): copy.members.append(Member(name: name, value: value))
        case (nil, nil): break
        }
        return copy
    }

    /// Takes a member out: nil when it is absent or null.
    public mutating func take(_ name: String) -> JSONValue? {
        for (position, member) in members.enumerated() where member.name == name {
            taken |= 1 << UInt64(min(position, 63))
            return member.value == .null ? nil : member.value
        }
        return nil
    }

    /// Refuses members that nobody took: most often a misspelt name, whose value would be ignored in silence.
    public func end(knowing known: String) throws(WireRefusal) {
        var flaws = Flaws()
        for (position, member) in members.enumerated() where taken & (1 << UInt64(min(position, 63))) == 0 {
            flaws.note(
                WireRefusal(
                    .unknownField, at: member.name,
                    "the field '\(printable(member.name))' is unknown; known are \(known)"))
        }
        try flaws.check()
    }

    public static func == (left: JSONFields, right: JSONFields) -> Bool { left.members == right.members }

    public func hash(into hasher: inout Hasher) { hasher.combine(members) }
}
