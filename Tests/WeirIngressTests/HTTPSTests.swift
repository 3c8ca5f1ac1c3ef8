import AsyncHTTPClient
import Foundation
import NIOSSL
import Testing
import WeirSandbox

@testable import WeirIngress

/// HTTPS with certificates of a throw-away authority.
@Suite(.serialized) struct HTTPSTests {
    /// Files of a certificate, gone with the test.
    private struct Files {
        let folder: String
        let authority: ThrowawayAuthority

        init(expired: Bool = false) throws {
            folder = NSTemporaryDirectory() + "weir-https-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            authority = try ThrowawayAuthority()
            let identity = try authority.issue(expired: expired)
            try write("cert.pem", identity.certificate)
            try write("key.pem", identity.key)
        }

        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }

        var tls: TLSFiles { TLSFiles(certificatePath: "\(folder)/cert.pem", keyPath: "\(folder)/key.pem") }

        func remove() { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// Asks for `/livez`, trusting one authority.
    private func get(
        _ url: String, trusting authority: ThrowawayAuthority, atMost newest: TLSVersion? = nil
    ) async throws -> (status: UInt, body: String) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.certificate.utf8)))
        if let newest {
            tls.minimumTLSVersion = .tlsv1
            tls.maximumTLSVersion = newest
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
            let body = try await response.body.collect(upTo: 1 << 20)
            try await client.shutdown()
            return (response.status.code, String(buffer: body))
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    private func serving(_ files: Files, _ body: (IngressRoom) async throws -> Void) async throws {
        try await IngressRoom.with(workers: false, waitUntilReady: false) {
            $0.tls = files.tls
        } _: { room in
            try await body(room)
        }
    }

    @Test func aClientWhoTrustsTheAuthorityIsAnswered() async throws {
        let files = try Files()
        defer { files.remove() }
        try await serving(files) { room in
            for version in [TLSVersion.tlsv12, .tlsv13] {
                let reply = try await get(
                    "https://localhost:\(room.port)/livez", trusting: files.authority, atMost: version)
                #expect(reply.status == 200 && reply.body.contains("alive"))
            }
        }
    }

    @Test func olderThanTLS12IsRefused() async throws {
        let files = try Files()
        defer { files.remove() }
        try await serving(files) { room in
            let error = await #expect(throws: (any Error).self) {
                try await get(
                    "https://localhost:\(room.port)/livez", trusting: files.authority, atMost: .tlsv11)
            }
            #expect("\(error!)".contains("PROTOCOL_VERSION"))
        }
    }

    @Test func aWrongAuthorityOrHostNameIsNoticedByTheClient() async throws {
        let files = try Files()
        defer { files.remove() }
        try await serving(files) { room in
            let stranger = try ThrowawayAuthority()
            let untrusted = await #expect(throws: (any Error).self) {
                try await get("https://localhost:\(room.port)/livez", trusting: stranger)
            }
            #expect("\(untrusted!)".contains("CERTIFICATE_VERIFY_FAILED"))
            await #expect(throws: NIOSSLExtraError.self) {
                try await get("https://127.0.0.1:\(room.port)/livez", trusting: files.authority)
            }
            let reply = try await get("https://localhost:\(room.port)/livez", trusting: files.authority)
            #expect(reply.status == 200)
        }
    }

    @Test func aClientWhoSpeaksHTTPIsToldToSpeakHTTPS() async throws {
        let files = try Files()
        defer { files.remove() }
        try await serving(files) { room in
            let reply = try await room.get("/livez")
            #expect(reply.status == 400 && reply.problem == "https-only")
            #expect(reply.text("detail")?.contains("https://") == true)
            #expect(reply.headers.first(name: "connection") == "close")
            // One who says nothing, and one whose hello stops half-way, hold up nobody.
            let port = room.port
            let (silent, half) = await offAsyncThreads {
                let (silent, half) = (RawConnection(port: port), RawConnection(port: port))
                half?.send([22, 3, 1])
                return (silent, half)
            }
            #expect(silent != nil && half != nil)
            let good = try await get("https://localhost:\(room.port)/livez", trusting: files.authority)
            #expect(good.status == 200)
        }
    }

    @Test func filesThatCannotWorkAreNamedBeforeTheServerStarts() throws {
        let files = try Files()
        defer { files.remove() }
        func refusal(_ change: (inout TLSFiles) throws -> Void) rethrows -> String {
            var settings = IngressSettings(databaseURL: "", amqpURL: "")
            var tls = files.tls
            try change(&tls)
            settings.tls = tls
            do {
                _ = try Ingress(settings: settings, partitioning: .init(count: 1)!, logger: .quiet)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        try files.write("empty.pem", "")
        try files.write("other.key", try files.authority.issue().key)
        #expect(refusal { _ in } == "none")
        #expect(refusal { $0.certificatePath = "/nowhere.pem" }.contains("'/nowhere.pem'"))
        #expect(refusal { $0.certificatePath = "\(files.folder)/empty.pem" }.contains("WEIR_TLS_CERT"))
        #expect(refusal { $0.certificatePath = $0.keyPath }.contains("WEIR_TLS_CERT"))
        #expect(refusal { $0.keyPath = "\(files.folder)/empty.pem" }.contains("WEIR_TLS_KEY"))
        #expect(refusal { $0.keyPath = "\(files.folder)/other.key" }.contains("not that of the certificate"))
    }
}
