import AMQPClient
import Glibc
import HTTPTypes
import HummingbirdCore
import Logging
import PostgresClient
import Synchronization
import WeirLive
import WeirProducer

/// Says who sends a request and whether he may. The one call on a request's way is ``admit(_:to:by:)``: a hash and a look
/// into a table; the keys in the table are read again in the background every two seconds.
final class Credentials: Sendable {
    let settings: CredentialSettings
    let session: SessionSettings
    let logger: Logger
    let isOpen: Atomic<Bool>
    let known: Mutex<KnownCredentials>
    let stopping = Atomic(false)
    /// Only to be woken out of a pause by.
    let bell = Mailbox<Never>()
    let thread = Mutex<DedicatedThread?>(nil)
    /// The state of the issuer's file that was read last.
    let stamp = Mutex<[Int]?>(nil)

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
    func admit(
        _ fields: HTTPFields, to target: Target, by method: HTTPRequest.Method
    ) throws(Problem) -> Caller {
        guard let scope = target.scope(for: method) else { return .nobody }
        if isOpen.load(ordering: .relaxed) { return .anybody }
        let caller = try identify(fields)
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
        case .caller(var caller):
            caller.credential = digest
            return caller
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
        var caller = token.caller
        caller.credential = digest
        return caller
    }

    /// Whether a caller who was admitted would still be, for answers that go on for long. A token that is no longer
    /// remembered counts as ended: its bearer comes back and shows it again.
    func isGood(_ caller: Caller) -> Bool {
        guard let digest = caller.credential else { return isOpen.load(ordering: .relaxed) }
        let (now, wallSeconds) = (monotonicNanoseconds(), Self.wallSeconds())
        let finding = known.withLock { $0.look(digest, now: now, wallSeconds: wallSeconds) }
        if case .caller = finding { return true }
        return false
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
}
