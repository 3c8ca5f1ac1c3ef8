import HTTPTypes

/// What an answer says of quotas: the header fields `RateLimit-Policy` and `RateLimit` after
/// draft-ietf-httpapi-ratelimit-headers-10, an entry for each bucket that was asked.
struct RateNotes: Sendable {
    private(set) var policy = ""
    private(set) var limit = ""

    /// Says what a bucket said.
    mutating func add(_ name: String, _ rate: RateLimit, _ taken: RateLimit.Taken) {
        if !policy.isEmpty {
            policy += ", "
            limit += ", "
        }
        policy += "\"\(name)\";q=\(rate.requests);w=\(rate.seconds)"
        limit += "\"\(name)\";r=\(taken.left);t=\((taken.fullIn + 999_999_999) / 1_000_000_000)"
    }

    /// The notes, or the refusal that carries them.
    func unless(_ refusal: Problem?) throws(Problem) -> RateNotes {
        guard var refusal else { return self }
        refusal.rates = self
        throw refusal
    }
}

extension Answer {
    /// Says what is left of the quotas.
    mutating func add(_ notes: RateNotes) {
        guard !notes.policy.isEmpty else { return }
        fields.append(HTTPField(name: .rateLimitPolicy, value: notes.policy))
        fields.append(HTTPField(name: .rateLimit, value: notes.limit))
    }
}

extension HTTPField.Name {
    static let rateLimit = Self("RateLimit")!
    static let rateLimitPolicy = Self("RateLimit-Policy")!
}
