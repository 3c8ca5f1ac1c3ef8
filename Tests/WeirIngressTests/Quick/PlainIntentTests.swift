import NIOCore
import Testing

@testable import WeirIngress

/// What is read of a plain request for an intent before the HTTP decoder has seen it.
@Suite struct PlainIntentTests {
    private func read(_ text: String, headBytes: Int = 4_096, fields: Int = 32) -> PlainIntent? {
        let bytes = ByteBuffer(string: text)
        guard PlainRequest(bytes)?.isIntent == true else { return nil }
        return PlainIntent(bytes, PlainIntent.Limits(headBytes: headBytes, fields: fields))
    }

    private func text(_ fields: String, body: String = "{}") -> String {
        "POST /v1/intents HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func theFieldsThatMatterAreReadAndNoOthers() throws {
        let intent = try #require(
            read(
                text(
                    "IDEMPOTENCY-KEY: \"a b\"\r\nprefer:wait=1\r\nX-Other: y\r\nPrefer: wait=2\r\n"
                        + "Content-Type: application/json; charset=utf-8\r\nAuthorization: Bearer x:y\r\n"
                        + "Traceparent: 00-1\r\nContent-Encoding: gzip\r\nconnection: keep-alive\r\n",
                    body: "{\r\n\r\n}")))
        #expect(intent.fields[values: .idempotencyKey] == ["\"a b\""])
        #expect(intent.fields[values: .prefer] == ["wait=1", "wait=2"])
        #expect(intent.fields[.contentType] == "application/json; charset=utf-8")
        #expect(intent.fields[.authorization] == "Bearer x:y")
        #expect(intent.fields[.traceparent] == "00-1" && intent.fields[.contentEncoding] == "gzip")
        #expect(intent.fields[.contentLength] == "6" && intent.fields.count == 8)
        #expect(String(buffer: intent.body) == "{\r\n\r\n}")
    }

    @Test(arguments: [
        "X-Empty:\r\n", "X-Empty: \r\n", "X-Two:  spaces\r\n", "X-End: space \r\n", "X-Tab:\ta\r\n",
        "X-Tab: a\tb\r\n", "X-Text: ä\r\n", "X-Nul: a\u{0}b\r\n", "X-Del: a\u{7F}b\r\n", "X!: rare\r\n",
        "X : space\r\n", ": nameless\r\n", "no colon\r\n",
    ])
    func whateverIsNotKnownAtOnceIsLeftToTheDecoder(_ field: String) {
        #expect(read(text(field)) == nil)
        #expect(read(text("X-Plain: a\r\n")) != nil)
    }

    @Test func longOnesAreLeftToTheDecoder() {
        let one = text("X-Plain: a\r\n")
        let head = one.utf8.count - 2
        #expect(read(one, headBytes: head, fields: 3) != nil)
        #expect(read(one, headBytes: head - 1, fields: 3) == nil)
        #expect(read(one, headBytes: head, fields: 2) == nil)
        let most = String(repeating: " ", count: QuickIntents.largestBody)
        #expect(read(text("", body: most)) != nil)
        #expect(read(text("", body: most + " ")) == nil)
        #expect(read(text("", body: "")) == nil)
    }
}
