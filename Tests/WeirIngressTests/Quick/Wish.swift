/// A request for an intent, as it is written.
struct Wish {
    var key: String? = "t"
    var type: String? = "application/json"
    /// Further lines of the head, each with its end.
    var fields = ""
    var body = #"{"sku":"shoe","quantity":1,"buyer":"ann"}"#

    /// One for this SKU.
    static func of(_ sku: String, _ key: String, fields: String = "") -> Wish {
        Wish(key: key, fields: fields, body: #"{"sku":"\#(sku)","quantity":1,"buyer":"ann"}"#)
    }

    var head: String {
        "POST /v1/intents HTTP/1.1\r\nHost: a\r\n" + (type.map { "Content-Type: \($0)\r\n" } ?? "")
            + (key.map { "Idempotency-Key: \($0)\r\n" } ?? "") + fields
            + "Content-Length: \(body.utf8.count)\r\n\r\n"
    }

    var text: String { head + body }
}

/// The status codes of several answers, one behind the other.
func statuses(_ text: String) -> [String] {
    text.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
}
