import WeirLive

/// What a server knows of credentials at a moment: plain book-keeping, without a clock or a lock of its own.
struct KnownCredentials {
    /// What a look-up finds.
    enum Finding {
        case caller(Caller)
        /// Nobody can tell: the database has been away for too long.
        case stale
        /// No key that was good when the keys were last read, and no token that was seen before.
        case unknown
    }

    /// From this age on what is not in here may be a key that was made meanwhile, in seconds.
    static let freshSeconds: UInt64 = 10
    /// So many tokens in each of two generations.
    static let tokenLimit = 20_000

    /// For so long keys are good after which nobody could ask, in seconds.
    let trustSeconds: UInt64
    private var keys: [CredentialDigest: Caller] = [:]
    private var keysReadAt: UInt64?
    private(set) var verifier: JWTVerifier?
    /// Tokens that were found good. When the young are many, the old are forgotten and the young are the old: what is
    /// in use comes back from there.
    private var young: [CredentialDigest: JWTVerifier.Verified] = [:]
    private var old: [CredentialDigest: JWTVerifier.Verified] = [:]

    init(trustSeconds: Int) { self.trustSeconds = UInt64(max(0, trustSeconds)) }

    /// How many tokens are kept.
    var tokenCount: Int { young.count + old.count }

    /// Takes what the database says of keys. `at` is monotonic, in nanoseconds.
    mutating func replaceKeys(_ keys: [CredentialDigest: Caller], at: UInt64) {
        self.keys = keys
        keysReadAt = at
    }

    /// Takes another set of issuer's keys: tokens that the old ones had signed are checked anew.
    mutating func replaceVerifier(_ verifier: JWTVerifier) {
        self.verifier = verifier
        young = [:]
        old = [:]
    }

    /// Whether the keys were read so lately that one which is not among them is none; `now` is monotonic.
    func isFresh(at now: UInt64) -> Bool { areKeysYounger(than: Self.freshSeconds, at: now) }

    /// Whether the keys were read lately enough to be believed.
    func isTrusted(at now: UInt64) -> Bool { areKeysYounger(than: trustSeconds, at: now) }

    private func areKeysYounger(than seconds: UInt64, at now: UInt64) -> Bool {
        guard let keysReadAt else { return false }
        return now < keysReadAt + seconds * 1_000_000_000
    }

    /// Looks a credential up; `now` is monotonic, `wallSeconds` since 1970.
    mutating func look(_ digest: CredentialDigest, now: UInt64, wallSeconds: Double) -> Finding {
        if let key = keys[digest] {
            return isTrusted(at: now) ? .caller(key) : .stale
        }
        if let token = young[digest] ?? revived(digest) {
            if wallSeconds < token.expires { return .caller(token.caller) }
            young[digest] = nil
        }
        return .unknown
    }

    /// Keeps a token that was found good by `verifier`, unless another one has come meanwhile.
    mutating func keep(_ digest: CredentialDigest, _ token: JWTVerifier.Verified, by verifier: JWTVerifier) {
        guard verifier === self.verifier else { return }
        if young.count >= Self.tokenLimit {
            old = young
            young = [:]
        }
        young[digest] = token
    }

    private mutating func revived(_ digest: CredentialDigest) -> JWTVerifier.Verified? {
        guard let token = old.removeValue(forKey: digest) else { return nil }
        if let verifier { keep(digest, token, by: verifier) }
        return token
    }
}
