import PostgresClient
import Testing
import WeirSandbox

/// `sslmode=verify-full` through the URL, against a real server with a certificate of a throw-away authority, for
/// `localhost` only.
@Suite struct TLSTests {
    private func secured() async throws -> (room: Room, url: String, tls: SandboxTLS) {
        let sandbox = try await SharedSandbox.getSecured()
        let room = try await sandbox.makeRoom()
        return (room, try #require(room.secured).databaseURL, try #require(sandbox.tls))
    }

    /// One sentence, without the password.
    private func refusal(_ url: String, _ room: Room) throws -> String {
        let error = try postgresError { _ = try makeSession(url) }
        #expect(error.kind == .away)
        let password = room.databaseURL.split(separator: ":")[2].prefix { $0 != "@" }
        #expect(!error.message.contains(password) && !error.message.contains("\n"))
        return error.message
    }

    @Test func aSessionIsEncryptedAndTheServerVerified() async throws {
        let (_, url, _) = try await secured()
        let session = try makeSession(url)
        defer { session.close() }
        let rows = try session.run(
            query("select ssl, version from pg_stat_ssl where pid = pg_backend_pid()"))
        #expect(rows.bool(0, 0))
        #expect(["TLSv1.2", "TLSv1.3"].contains(rows.text(0, 1)))
    }

    @Test func anAuthorityThatHasNotSignedIsNotTrusted() async throws {
        let (room, url, tls) = try await secured()
        let message = try refusal(url.replacing(tls.authoritiesFile, with: tls.strangersFile), room)
        #expect(message.contains("certificate verify failed"), "\(message)")
    }

    @Test func aCertificateForAnotherHostIsNotTaken() async throws {
        let (room, url, _) = try await secured()
        let message = try refusal(url.replacing("@localhost:", with: "@127.0.0.1:"), room)
        #expect(message.contains("does not match host name"), "\(message)")
    }

    @Test func aServerWithoutTLSIsRefused() async throws {
        let (_, url, _) = try await secured()
        let plain = try await SharedSandbox.room()
        let query = url.drop { $0 != "?" }
        let message = try refusal(plain.databaseURL.replacing("127.0.0.1", with: "localhost") + query, plain)
        #expect(message.contains("server does not support SSL"), "\(message)")
    }

    @Test func plainTalkIsRefusedByAServerThatWantsTLS() async throws {
        let (room, _, _) = try await secured()
        let url = try await SharedSandbox.getSecured().makeDatabaseForTLSOnly()
        let message = try refusal(url + "?sslmode=disable", room)
        #expect(message.contains("no encryption"), "\(message)")
        let session = try makeSession(url + "?sslmode=require")
        session.close()
    }
}
