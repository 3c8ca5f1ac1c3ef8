/// What a credential lets its bearer do. The texts are those of the API.
public enum Scope: String, Sendable, CaseIterable, Hashable {
    /// Submit, confirm, cancel and extend intents and orders.
    case intentsWrite = "intents:write"
    /// See intents, orders and events.
    case intentsRead = "intents:read"
    /// See stock, and the metrics, which tell as much.
    case stockRead = "stock:read"
    /// Define SKUs and adjust their stock.
    case stockWrite = "stock:write"
    /// Decide what becomes of dead letters.
    case deadWrite = "dead:write"
}

/// A set of scopes; written as OAuth writes it, separated by blanks (RFC 6749, 3.3).
public struct ScopeSet: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The set of these scopes.
    public init(_ scopes: some Sequence<Scope>) {
        self = scopes.reduce(into: []) { $0.formUnion(ScopeSet($1)) }
    }

    /// The set of one.
    public init(_ scope: Scope) {
        self.init(rawValue: 1 << UInt8(Scope.allCases.firstIndex(of: scope) ?? 0))
    }

    /// Reads a list separated by blanks; what nobody here knows grants nothing.
    public init(text: String) {
        self.init(text.split(separator: " ").compactMap { Scope(rawValue: String($0)) })
    }

    /// Every scope that there is.
    public static let all = ScopeSet(Scope.allCases)

    /// Whether the set has this scope.
    public func contains(_ scope: Scope) -> Bool { contains(ScopeSet(scope)) }

    /// The scopes in their order.
    public var scopes: [Scope] { Scope.allCases.filter { contains($0) } }

    /// The list, separated by blanks.
    public var text: String { scopes.map(\.rawValue).joined(separator: " ") }
}
