import Testing
import WeirLive
import WeirSandbox

@testable import WeirIngress

/// API keys come and go while the server runs, and outlive their database for a while.
@Suite(.serialized) struct KeyTests {
    @Test func aKeyIsKnownAndRefusedWithinTenSecondsWithoutARestart() async throws {
        try await IngressRoom.guarded { room in
            let (kept, key) = (try await room.key(.stockRead), try await room.key(.stockRead))
            let headers = [bearer(key.text)]
            #expect(try await room.send("GET", "/v1/skus", headers: headers).status == 200)
            try room.revoke(key)
            try await eventually("the key is refused", within: .seconds(10)) {
                try await room.send("GET", "/v1/skus", headers: headers).status == 401
            }
            let reply = try await room.send("GET", "/v1/skus", headers: headers)
            #expect(reply.text("detail")?.contains("revoked") == true)
            #expect(try await room.send("GET", "/v1/skus", headers: [bearer(kept.text)]).status == 200)
        }
    }

    @Test func aStreamEndsWithinTenSecondsWhenItsCredentialDoes() async throws {
        let issuer = try Issuer()
        defer { issuer.remove() }
        try await IngressRoom.guarded(jwt: issuer.settings) { room in
            let key = try await room.key(.intentsRead)
            let token = try issuer.token(["scope": #""intents:read""#, "exp": "\(Issuer.now + 4)"])
            let lasting = try issuer.token(["scope": #""intents:read""#])
            let streams = try await [key.text, token, lasting].asyncMap {
                try await EventSource.open(room, credential: $0)
            }
            try room.revoke(key)
            for (stream, what) in zip(streams, ["revoked", "expired"]) {
                try await eventually("the stream ends, its credential is \(what)", within: .seconds(12)) {
                    stream.hasEnded
                }
            }
            #expect(!streams[2].hasEnded)
            streams[2].close()
        }
    }

    @Test func whilePostgreSQLIsAwayKnownKeysGoOnForALimitedTime() async throws {
        let sandbox = try await Sandbox.start()
        do {
            try await IngressRoom.guarded(sandbox, workers: false) {
                $0.keyTrustSeconds = 6
            } _: { room in
                let key = try await room.key(.intentsWrite)
                #expect(try await room.submit("t1", "shoe", buyer: "ann", as: key.text).status == 202)
                await sandbox.postgres.kill()
                let killed = ContinuousClock.now
                #expect(try await room.submit("t2", "shoe", buyer: "ann", as: key.text).status == 202)
                try await eventually("known keys are not believed for ever") {
                    let reply = try await room.submit("t3", "shoe", buyer: "ann", as: key.text)
                    #expect(reply.status == 202 || reply.problem == "credentials-unavailable")
                    return reply.status == 503
                }
                // They were read at most two seconds before the kill.
                #expect(ContinuousClock.now - killed > .seconds(3))
                #expect(ContinuousClock.now - killed < .seconds(9))
                let refused = try await room.submit("t3", "shoe", buyer: "ann", as: key.text)
                #expect(refused.headers.first(name: "retry-after") != nil)
                #expect(try await room.get("/readyz").bodyText.contains("API keys"))
                // Nobody can tell whether an unknown one was made a moment before the database went.
                try await eventually("unknown keys are not called wrong", within: .seconds(12)) {
                    try await room.submit("t4", "shoe", buyer: "ann", as: APIKey().text).status == 503
                }
                try await sandbox.postgres.restart()
                try await eventually("the key is good again") {
                    try await room.submit("t5", "shoe", buyer: "ann", as: key.text).status == 202
                }
            }
        } catch {
            await sandbox.stop()
            throw error
        }
        await sandbox.stop()
    }

    @Test func aServerWithoutCredentialsIsOpenUntilThereIsAKeyAndNeverAgain() async throws {
        try await IngressRoom.with { room in
            #expect(try await room.get("/v1/skus").status == 200)
            let key = try await room.key(.stockRead)
            try await eventually("it asks for a key", within: .seconds(10)) {
                try await room.get("/v1/skus").status == 401
            }
            #expect(try await room.send("GET", "/v1/skus", headers: [bearer(key.text)]).status == 200)
            try room.revoke(key)
            try await eventually("the key is refused", within: .seconds(10)) {
                try await room.send("GET", "/v1/skus", headers: [bearer(key.text)]).status == 401
            }
            #expect(try await room.get("/v1/skus").status == 401)
        }
    }

    @Test(arguments: ["0.0.0.0", "::", "192.168.1.5", "shop.example", "128.0.0.1", "127.0.0.1.example", ""])
    func withoutACredentialOnlyLoopbackIsPossible(host: String) throws {
        var settings = IngressSettings(databaseURL: "", amqpURL: "")
        settings.host = host
        let error = #expect(throws: IngressError.self) { try settings.check() }
        #expect(error?.description.contains("weir keys create") == true)
        settings.credentials = .required(nil)
        #expect(throws: Never.self) { try settings.check() }
    }

    @Test(arguments: ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
    func loopbackIsPossibleWithoutACredential(host: String) throws {
        var settings = IngressSettings(databaseURL: "", amqpURL: "")
        settings.host = host
        #expect(throws: Never.self) { try settings.check() }
    }
}

extension Array {
    fileprivate func asyncMap<Value>(_ change: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await change(element)) }
        return values
    }
}
