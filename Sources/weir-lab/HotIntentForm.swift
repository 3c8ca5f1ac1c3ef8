/// Requests for one unit of the SKU `hot`, put together from bytes that lie ready: what the measuring takes of the
/// machine, the server that is measured does not have.
struct HotIntentForm {
    private let beforeToken: [UInt8]
    private let beforeBuyer: [UInt8]
    private let end = Array("\"}".utf8)

    /// - Parameter prefix: begins the tokens; the number of the request ends them.
    init(prefix: String, waitSeconds: Int) {
        let body = #"{"sku":"hot","quantity":1,"buyer":"buyer-"#
        let length = body.utf8.count + Self.buyerDigits + end.count
        beforeToken = Array(
            """
            POST /v1/intents HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/json\r
            Prefer: wait=\(waitSeconds)\r
            Content-Length: \(length)\r
            Idempotency-Key: \(prefix)-
            """.utf8)
        beforeBuyer = Array("\r\n\r\n\(body)".utf8)
    }

    private static let buyerDigits = 4

    /// The request of a number; five thousand buyers come in turn.
    func request(_ number: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(beforeToken.count + beforeBuyer.count + end.count + 24)
        bytes += beforeToken
        append(number, digits: 9, to: &bytes)
        bytes += beforeBuyer
        append(number % 5_000, digits: Self.buyerDigits, to: &bytes)
        bytes += end
        return bytes
    }

    private func append(_ number: Int, digits: Int, to bytes: inout [UInt8]) {
        var divisor = (1..<digits).reduce(1) { result, _ in result * 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
