import WeirCore
import WeirWire

/// What a path names. A path is taken apart by hand, so that each wrong part can be named.
enum Target: Sendable {
    case intents
    case batch
    case intent(Token)
    case intentChange(Token, IntentVerb)
    case orders
    case order(Token)
    case orderChange(Token, OrderVerb)
    case events
    case skus
    case sku(SKU)
    case adjustments(SKU)
    case livez
    case readyz
    case metrics
    case openAPI
    case asyncAPI
    case problems
    case problem(ProblemKind)
    case dead(DeadTarget)

    enum IntentVerb: String, Sendable { case confirm, cancel, extend }
    enum OrderVerb: String, Sendable { case confirm, cancel, extend }

    /// Reads a path; nil when nothing is there. Throws when a part of it has not the form of what it stands for.
    static func read(_ path: String) throws(Problem) -> Target? {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].isEmpty else { return nil }
        guard parts.count <= 5, parts[1].elementsEqual("v1".utf8), parts.count > 2 else {
            return unversioned(parts)
        }
        if parts[2].elementsEqual("dead-letters".utf8) || parts[2].elementsEqual("replays".utf8) {
            return try DeadTarget.read(parts.dropFirst(2).map { String(decoding: $0, as: UTF8.self) })
                .map { .dead($0) }
        }
        if parts[2].elementsEqual("intents".utf8) {
            if parts.count == 3 { return .intents }
            guard parts.count < 5 else {
                guard let verb = IntentVerb(rawValue: String(decoding: parts[4], as: UTF8.self)) else {
                    return nil
                }
                return .intentChange(try identifier(parts[3], "token"), verb)
            }
            // An intent may have the token `batch`; it is read here all the same.
            if parts[3].elementsEqual("batch".utf8) { return .batch }
            return .intent(try identifier(parts[3], "token"))
        }
        if parts[2].elementsEqual("orders".utf8) { return try order(parts) }
        if parts.count == 3, parts[2].elementsEqual("events".utf8) { return .events }
        guard parts[2].elementsEqual("skus".utf8) else { return nil }
        if parts.count == 3 { return .skus }
        if parts.count == 4 { return .sku(try identifier(parts[3], "SKU")) }
        return parts[4].elementsEqual("adjustments".utf8)
            ? .adjustments(try identifier(parts[3], "SKU")) : nil
    }

    /// What stands beside the API itself.
    private static func unversioned(_ parts: [Substring.UTF8View]) -> Target? {
        let names = parts.dropFirst().map { String(decoding: $0, as: UTF8.self) }
        switch (names.count, names[0]) {
        case (1, "livez"): return .livez
        case (1, "readyz"): return .readyz
        case (1, "metrics"): return .metrics
        case (1, "openapi.yaml"): return .openAPI
        case (1, "asyncapi.yaml"): return .asyncAPI
        case (1, "problems"): return .problems
        case (2, "problems"): return ProblemKind.named(names[1]).map { .problem($0) }
        default: return nil
        }
    }

    /// Whether requests for it count against quotas: health and descriptions are for everybody.
    var isCounted: Bool {
        switch self {
        case .livez, .readyz, .metrics, .openAPI, .asyncAPI, .problems, .problem: false
        default: true
        }
    }

    /// The methods that this target knows, for the header `Allow`.
    var methods: String {
        switch self {
        case .intents, .intentChange, .orders, .orderChange, .adjustments: "POST"
        case .dead(let target): target.methods
        case .batch: "GET, HEAD, POST"
        case .intent, .order, .events, .skus, .livez, .readyz, .metrics, .openAPI, .asyncAPI, .problems,
            .problem:
            "GET, HEAD"
        case .sku: "GET, HEAD, PUT"
        }
    }

    private static func order(_ parts: [Substring.UTF8View]) throws(Problem) -> Target? {
        if parts.count == 3 { return .orders }
        guard parts.count == 5 else { return .order(try identifier(parts[3], "token")) }
        guard let verb = OrderVerb(rawValue: String(decoding: parts[4], as: UTF8.self)) else { return nil }
        return .orderChange(try identifier(parts[3], "token"), verb)
    }

    private static func identifier<ID: Identifier>(
        _ part: Substring.UTF8View, _ what: String
    ) throws(Problem) -> ID {
        guard let bytes = percentDecoded(part), let text = String(validating: bytes, as: UTF8.self),
            let identifier = ID(text)
        else {
            throw Problem(
                .invalidPath,
                "the \(what) '\(printable(String(decoding: part, as: UTF8.self)))' in the path must have \(ID.form)"
            )
        }
        return identifier
    }
}

/// The bytes with `%41` as `A`; nil when a percent sign is not followed by two hexadecimal digits.
func percentDecoded(_ text: Substring.UTF8View) -> [UInt8]? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(text.count)
    var rest = text.makeIterator()
    while let byte = rest.next() {
        guard byte == UInt8(ascii: "%") else {
            decoded.append(byte)
            continue
        }
        guard let high = rest.next().flatMap(hexValue), let low = rest.next().flatMap(hexValue) else {
            return nil
        }
        decoded.append(high << 4 | low)
    }
    return decoded
}

func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
