import Glibc
import Testing
import WeirSandbox

@testable import AMQPClient

extension WithBroker {
    /// `amqps://` against a real broker with a certificate of a throw-away authority, for `localhost` only.
    @Suite struct TLS {
        private func secured() async throws -> (room: Room, url: String, tls: SandboxTLS) {
            let sandbox = try await SharedSandbox.getSecured()
            let room = try await sandbox.makeRoom()
            return (room, try #require(room.secured).amqpURL, try #require(sandbox.tls))
        }

        /// The error of a connection that must fail, and soon: one sentence, without the password.
        private func refusal(_ url: String) async throws -> AMQPError {
            let start = ContinuousClock.now
            let error = try await onThread { () throws in
                do throws(AMQPError) {
                    _ = try Connection(AMQPSettings(url: url))
                } catch {
                    return error
                }
                throw TestFailure("connected")
            }
            #expect(ContinuousClock.now - start < .seconds(8))
            let password = try AMQPAddress(url).password
            #expect(!error.message.contains(password) && !error.message.contains("\n"))
            return error
        }

        @Test func messagesGoToAndFroAndAreEncrypted() async throws {
            let (room, url, _) = try await secured()
            try await declare(url, "q")
            // Large ones fill more than one TLS record, and more than one buffer of the library's.
            let bodies = (0..<200).map { [UInt8](repeating: UInt8($0), count: $0 % 20 == 0 ? 300_000 : 100) }
            try await withPublisher(url) { publisher in
                let ledger = Ledger(bodies.count)
                publisher.publish(bodies.map { toQueue("q", $0) }) { ledger.note($0, $1) }
                #expect(try await ledger.settled().allSatisfy { $0 == .confirmed })
                let versions = try await SharedSandbox.getSecured().runRabbitmqctl(
                    ["--silent", "list_connections", "vhost", "ssl_protocol"]
                ).split(separator: "\n").filter { $0.hasPrefix(room.vhost) }
                #expect(!versions.isEmpty && versions.allSatisfy { $0.contains("tlsv1.") }, "\(versions)")
            }
            #expect(try await drain(url, "q", bodies.count).map(\.body) == bodies)
        }

        @Test func aCutConnectionComesBack() async throws {
            let (_, url, _) = try await secured()
            try await declare(url, "q")
            try await withPublisher(url) { publisher in
                #expect(await publisher.publish(toQueue("q", [1])) == .confirmed)
                publisher.cutConnection()
                try await eventually("reconnected") { publisher.reconnects == 1 && publisher.state == .ready }
                #expect(await publisher.publish(toQueue("q", [2])) == .confirmed)
            }
        }

        @Test func anAuthorityThatHasNotSignedIsNotTrusted() async throws {
            let (_, url, tls) = try await secured()
            let error = try await refusal(url.replacing(tls.authoritiesFile, with: tls.strangersFile))
            #expect(error.kind == .refused && !error.isRetriable)
            #expect(error.message.contains("not from an authority in '\(tls.strangersFile)'"))
        }

        @Test func aCertificateForAnotherHostIsNotTaken() async throws {
            let (_, url, _) = try await secured()
            let error = try await refusal(url.replacing("@localhost:", with: "@127.0.0.1:"))
            #expect(error.kind == .refused)
            #expect(error.message.contains("another host than '127.0.0.1'"))
        }

        @Test func aFileWithoutCertificatesIsNamed() async throws {
            let (_, url, tls) = try await secured()
            for file in ["/nowhere.pem", "/etc/hostname"] {
                let error = try await refusal(url.replacing(tls.authoritiesFile, with: file))
                #expect(error.kind == .invalid && error.message.contains("'\(file)'"))
            }
        }

        @Test func plainTalkToAPortForTLSSaysSo() async throws {
            let (_, url, _) = try await secured()
            let plain = url.replacing("amqps://", with: "amqp://").prefix { $0 != "?" }
            let error = try await refusal(String(plain))
            #expect(error.kind == .away && error.message.contains("amqps://"), "\(error)")
        }

        @Test func tlsToAPortForPlainTalkSaysSo() async throws {
            let (room, url, _) = try await secured()
            let (port, plain) = (try AMQPAddress(url).port, try AMQPAddress(room.amqpURL).port)
            let error = try await refusal(url.replacing(":\(port)/", with: ":\(plain)/"))
            #expect(error.kind == .away && error.message.contains("5671"), "\(error)")
        }

        @Test func aPortThatSaysNothingIsGivenUp() async throws {
            let (_, url, _) = try await secured()
            let listener = try SilentListener()
            let port = try AMQPAddress(url).port
            let error = try await refusal(url.replacing(":\(port)/", with: ":\(listener.port)/"))
            #expect(error.kind == .away)
        }
    }
}

/// A port that takes connections and says nothing.
private final class SilentListener: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 8) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        guard isListening else { throw TestFailure("no port to be silent on") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
