import AMQPClient
import Logging
import PostgresClient
import Synchronization
import WeirLive

/// What happens in the background: API keys and the issuer's keys are read again and again.
extension Credentials {
    /// A key that was revoked is refused within five times this.
    private static let refreshInterval = Duration.seconds(2)

    /// What is wrong with what is known of credentials, for `/readyz`; nil when all is well.
    var fault: String? {
        guard !isOpen.load(ordering: .relaxed) else { return nil }
        let isTrusted = known.withLock { $0.isTrusted(at: monotonicNanoseconds()) }
        return isTrusted ? nil : "the API keys could not be read"
    }

    /// Starts the thread that reads the keys.
    func start() {
        thread.withLock { $0 = DedicatedThread(name: "weir-keys") { self.run() } }
    }

    /// Ends the thread and waits for it: at most as long as one login takes.
    func stop() {
        stopping.store(true, ordering: .releasing)
        bell.close()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        var isAway = false
        var session: Session?
        while !stopping.load(ordering: .acquiring) {
            do throws(PostgresError) {
                let open = if let session { session } else { try Session(self.session) }
                session = open
                take(try KnownKeys.read(open))
                isAway = false
            } catch {
                session = nil
                if !isAway { logger.warning("API keys cannot be read", metadata: ["reason": "\(error)"]) }
                isAway = true
            }
            bell.wait(Self.refreshInterval)
        }
        session?.close()
    }

    private func take(_ keys: KnownKeys) {
        let callers = keys.keys.mapValues { Caller(name: $0.id, scopes: $0.scopes, buyer: nil) }
        known.withLock { $0.replaceKeys(callers, at: monotonicNanoseconds()) }
        // A server that has ever seen a key asks for one, also when the last is revoked.
        guard keys.isAny, isOpen.exchange(false, ordering: .relaxed) else { return }
        logger.notice("there is an API key now: from here on requests need a credential")
    }

    /// Reads the issuer's keys for the first time; throws when they cannot be had.
    func readIssuer() async throws(IngressError) {
        guard let jwt = settings.jwt else { return }
        // Looked at before the file is read: what changes in between is noticed later.
        stamp.withLock { $0 = JWKSFile.stamp(jwt.jwksPath) }
        take(try await JWKSFile.read(jwt.jwksPath), jwt)
    }

    /// Reads the issuer's keys again whenever their file has changed, until the task is cancelled. What cannot be
    /// read changes nothing: the keys before it stay.
    func watchIssuer() async {
        guard let jwt = settings.jwt else { return }
        while true {
            try? await Task.sleep(for: Self.refreshInterval)
            if Task.isCancelled { return }
            let now = JWKSFile.stamp(jwt.jwksPath)
            guard now != stamp.withLock({ $0 }) else { continue }
            do throws(IngressError) {
                try await readIssuer()
                logger.notice("the issuer's keys were read again")
            } catch {
                logger.error("the issuer's keys stay as they were", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func take(_ file: JWKSFile, _ jwt: JWTSettings) {
        for remark in file.remarks { logger.warning("\(remark)") }
        let verifier = JWTVerifier(jwt, file)
        known.withLock { $0.replaceVerifier(verifier) }
    }
}
