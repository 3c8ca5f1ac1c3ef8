import AMQPClient
import Glibc
import HTTPTypes
import HummingbirdCore
import Logging
import PostgresClient
import Synchronization
import WeirLive

/// Says who sends a request and whether he may. The one call on a request's way is ``admit(_:to:)``: a hash and a look
/// into a table; the keys in the table are read again in the background every two seconds.
final class Credentials: Sendable {
    private let settings: CredentialSettings
    private let session: SessionSettings
    private let logger: Logger
    private let isOpen: Atomic<Bool>
    private let known: Mutex<KnownCredentials>
    private let stopping = Atomic(false)
    /// Only to be woken out of a pause by.
    private let bell = Mailbox<Never>()
    private let thread = Mutex<DedicatedThread?>(nil)
    /// The state of the issuer's file that was read last.
    private let stamp = Mutex<[Int]?>(nil)

    /// A key that was revoked is refused within five times this.
    private static let refreshInterval = Duration.seconds(2)

    init(_ settings: IngressSettings, logger: Logger) {
        self.settings = settings.credentials
        var session = SessionSettings(
            url: settings.databaseURL, applicationName: "weir ingress \(settings.instance) credentials")
        session.connectTimeoutSeconds = 2
        session.statementTimeoutSeconds = 2
        session.answerTimeoutSeconds = 3
        self.session = session
        self.logger = logger
        isOpen = Atomic(settings.credentials.isOpen)
        known = Mutex(KnownCredentials(trustSeconds: settings.keyTrustSeconds))
    }

    // MARK: On the way of every request

    /// Who sends a request, once it is clear that he may do what he asks for.
    func admit(_ request: Request, to target: Target) throws(Problem) -> Caller {
        guard let scope = target.scope(for: request.method) else { return .nobody }
        if isOpen.load(ordering: .relaxed) { return .anybody }
        let caller = try identify(request.headers)
        guard caller.scopes.contains(scope) else { throw .missingScope(scope) }
        return caller
    }

    private func identify(_ fields: HTTPFields) throws(Problem) -> Caller {
        guard let header = fields[.authorization] else { throw .missingCredential }
        let credential = try Self.bearer(header)
        let digest = CredentialDigest(of: credential.utf8)
        let wallSeconds = Self.wallSeconds()
        let now = monotonicNanoseconds()
        let (finding, verifier, isFresh) = known.withLock {
            ($0.look(digest, now: now, wallSeconds: wallSeconds), $0.verifier, $0.isFresh(at: now))
        }
        switch finding {
        case .caller(let caller): return caller
        case .stale: throw .credentialsUnavailable
        case .unknown: break
        }
        if credential.utf8.starts(with: APIKey.prefix.utf8) {
            guard isFresh else { throw .credentialsUnavailable }
            throw .invalidCredential("the API key is not known, or has been revoked")
        }
        guard let verifier else {
            throw .invalidCredential("the credential is no API key of Weir's, and JWTs are not taken here")
        }
        let token = try verifier.verify(credential, now: wallSeconds)
        known.withLock { $0.keep(digest, token, by: verifier) }
        return token.caller
    }

    /// What stands behind `Bearer` (RFC 6750, 2.1; the name of a scheme has no case).
    private static func bearer(_ header: String) throws(Problem) -> Substring {
        let scheme = header.utf8.prefix { $0 != UInt8(ascii: " ") }
        let rest = header[scheme.endIndex...].utf8.drop { $0 == UInt8(ascii: " ") }
        guard scheme.count == 6, header[..<scheme.endIndex].lowercased() == "bearer", !rest.isEmpty else {
            throw .invalidCredential("the header Authorization does not say 'Bearer' and one credential")
        }
        return Substring(rest)
    }

    private static func wallSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: In the background

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
