import NIOCore
import Testing

@testable import WeirIngress

/// What is taken for a plain request before the HTTP decoder has seen it: too little is harmless, too much is not.
@Suite struct PlainRequestTests {
    private func read(_ text: String) -> Bool? { PlainRequest(ByteBuffer(string: text))?.isIntent }

    private func intent(_ fields: String = "", length: Int = 2, body: String = "{}") -> String {
        "POST /v1/intents HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: \(length)\r\n\r\n\(body)"
    }

    @Test func aPlainOneIsKnown() {
        #expect(read(intent()) == true)
        #expect(read(intent("X-Connection: close\r\nTE: trailers\r\nCookie: a=b\r\n")) == true)
        #expect(read("POST /v1/intents HTTP/1.1\r\ncontent-length:2\r\nhost: a\r\n\r\n{}") == true)
        #expect(read("POST /v1/intents HTTP/1.1\r\nHost: a\r\n\r\n") == true)
        #expect(read(intent("connection: Keep-Alive\r\n")) == true)
        #expect(read("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n") == false)
        #expect(
            read("POST /v1/intents/batch HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}") == false)
    }

    @Test(arguments: [
        "", "P", "\r\n", "\r\n\r\n", "\n", " HTTP/1.1\r\n",
        "POST /v1/intents HTTP/1.1", "POST /v1/intents HTTP/1.1\r\n",
        "POST /v1/intents HTTP/1.1\r\nHost: a\r\n",
        "POST /v1/intents HTTP/1.0\r\nHost: a\r\n\r\n", "POST /v1/intents\r\n\r\n",
        "POST /v1/intents HTTP/1.1\nHost: a\n\n", "POST /v1/intents HTTP/1.1\r\nHost: a\n\r\n",
    ])
    func whatIsNoWholeRequestIsUnknown(_ text: String) { #expect(read(text) == nil) }

    @Test func aBodyThatIsNotAllOrMoreIsUnknown() {
        #expect(read(intent(length: 3)) == nil)
        #expect(read(intent(length: 1)) == nil)
        #expect(read(intent() + intent()) == nil)
        #expect(read(intent(length: 0)) == nil)
    }

    @Test(arguments: [
        "Connection: close", "Connection: keep-alive, upgrade", "Connection : keep-alive",
        "Expect: 100-continue", "Transfer-Encoding: chunked",
        "transfer-encoding : chunked", "Upgrade: websocket", "Content-Length: 2", "Content-Length : 2",
        "Content-Length\t: 2", "X: a\rb", "Content\rLength: 2", "\rHost: b",
        " folded: line", "\tfolded: line",
    ])
    func whateverConcernsTheConnectionOrTheLengthIsUnknown(_ field: String) {
        #expect(read(intent(field + "\r\n")) == nil)
    }

    @Test(arguments: ["", "-2", "+2", "2, 2", "0x2", "2 ", "99999999999999999999"])
    func aLengthThatIsNoNumberIsUnknown(_ length: String) {
        #expect(read("POST /v1/intents HTTP/1.1\r\nContent-Length: \(length)\r\n\r\n{}") == nil)
    }
}
