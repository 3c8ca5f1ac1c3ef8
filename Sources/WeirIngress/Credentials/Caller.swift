import WeirCore
import WeirLive

/// Who sends a request, and what he may do.
struct Caller: Sendable, Hashable {
    /// What logs and rates call him: a key's id or a JWT's subject. No secret.
    let name: String
    let scopes: ScopeSet
    /// The only buyer for whom he may act; nil: for any.
    let buyer: Buyer?
    /// What he has shown; nil when nothing was asked.
    var credential: CredentialDigest?

    /// Who asks for what is open to everybody.
    static let nobody = Caller(name: "", scopes: [], buyer: nil)
    /// Whoever reaches a server that asks for no credentials, which only this machine can.
    static let anybody = Caller(name: "", scopes: .all, buyer: nil)

    /// Whether he may act for this buyer, and see what is his.
    func mayActFor(_ other: Buyer) -> Bool { buyer.map { $0 == other } ?? true }
}
