import AMQPClient

/// What a replayed message carries so that it is recognized when it comes back: 128 random bits, which nobody can
/// guess who has not seen the message.
enum ReplayKey {
    /// The header that carries it.
    static let header = "x-weir-replay"

    static func random() -> String {
        [UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max)].map {
            let digits = String($0, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }

    /// Whether a text has the form of a key; a stranger may have written it.
    static func isWellFormed(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

extension FieldTable {
    var replayKey: String? {
        guard let text = self[ReplayKey.header]?.stringValue, ReplayKey.isWellFormed(text) else { return nil }
        return text
    }
}
