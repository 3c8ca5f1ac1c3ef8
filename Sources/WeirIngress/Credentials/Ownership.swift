import WeirCore

extension Caller {
    /// Refuses a wish in the name of a buyer for whom the caller may not act.
    func requireBuyer(_ buyer: Buyer) throws(Problem) {
        guard mayActFor(buyer) else { throw .otherBuyer }
    }
}

extension RequestHandler {
    /// Refuses, as if there were none, an intent that is not the caller's.
    ///
    /// A worker does not know who sends a command, so whose intent it is has to be known here: from the database, for
    /// what this ingress remembers of undecided wishes may be a second one under somebody else's token. A buyer can
    /// therefore change his intent only once it is decided.
    func requireOwn(_ token: Token, _ caller: Caller) async throws(Problem) {
        guard let buyer = caller.buyer else { return }
        switch await lookUps.intent(token) {
        case .found(.intent(let intent, _)) where intent.buyer == buyer: return
        case .found: throw Self.unknown(token)
        case .away: throw Self.databaseAway("come back later")
        }
    }
}
