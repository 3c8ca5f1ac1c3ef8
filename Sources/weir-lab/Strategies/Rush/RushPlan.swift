import Foundation

/// Who wants what in a rush: the same for every strategy, from the number of the request alone.
struct RushPlan: Sendable {
    /// What the tokens begin with; two rushes on the same tables need different ones.
    let prefix: String
    /// The SKUs that are wanted, the most wanted first.
    let skus: [String]
    /// Of a hundred requests, how many send the token of the request before once more, while that is under way.
    let repeats: Int
    private let shares: ZipfShares

    init(prefix: String, skus: [String], repeats: Int, exponent: Double) {
        (self.prefix, self.skus, self.repeats) = (prefix, skus, repeats)
        shares = ZipfShares(count: skus.count, exponent: exponent)
    }

    /// The number of the token that a request carries.
    func token(of request: Int) -> Int {
        // Spread evenly: of the last request in each stretch of 100 / repeats.
        guard repeats > 0, request > 0 else { return request }
        let (now, before) = (request * repeats / 100, (request - 1) * repeats / 100)
        return now == before ? request : request - 1
    }

    /// The token as it is sent.
    func text(ofToken token: Int) -> String { "\(prefix)-\(token)" }

    /// The whole request.
    func request(_ number: Int) -> [UInt8] {
        let token = token(of: number)
        let sku = skus[shares.place(of: token)]
        let body = #"{"sku":"\#(sku)","quantity":1,"buyer":"buyer-\#(token % 5_000)"}"#
        return Array(
            """
            POST /v1/intents HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/json\r
            Idempotency-Key: \(text(ofToken: token))\r
            Prefer: wait=10\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """.utf8)
    }
}

/// How the demand spreads over SKUs: the n-th most wanted gets a share that falls with n to the power of the exponent.
struct ZipfShares: Sendable {
    private let ends: [Double]

    init(count: Int, exponent: Double) {
        var sum = 0.0
        ends = (1...max(1, count)).map { rank in
            sum += 1 / pow(Double(rank), exponent)
            return sum
        }
    }

    /// The place that a number falls on; the same number always on the same.
    func place(of number: Int) -> Int {
        var bits = UInt64(truncatingIfNeeded: number) &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        let point = Double((bits ^ (bits >> 31)) >> 11) / Double(UInt64(1) << 53) * (ends.last ?? 1)
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > point { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
