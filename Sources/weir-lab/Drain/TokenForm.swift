import ArgumentParser
import Foundation
import WeirCore

/// How a shop makes its tokens up: where they come to lie in the index of a large table is the shop's choice.
enum TokenForm: String, CaseIterable, ExpressibleByArgument {
    /// Counted up.
    case counted
    /// UUIDs of version 7, which begin with the time (RFC 9562).
    case uuid7
    /// UUIDs of version 4: random.
    case uuid4

    /// What it is called in a report.
    var name: String {
        switch self {
        case .counted: "counted tokens"
        case .uuid7: "tokens in order of time (UUIDv7)"
        case .uuid4: "random tokens (UUIDv4)"
        }
    }

    /// The token of a wish; the same for the same run and number.
    func token(_ number: Int, run: Int) -> Token {
        switch self {
        case .counted: return Token(unchecked: "lab\(run)-\(number)-0123456789")
        case .uuid7, .uuid4:
            var random = Scatter(UInt64(run) << 40 | UInt64(number))
            var (high, low) = (random.next(), random.next())
            if self == .uuid7 {
                // Fifty wishes a millisecond, an hour a run, after the history.
                let milliseconds = Self.beginning + UInt64(run * 3_600_000 + number / 50)
                high = milliseconds << 16 | high & 0x0FFF | 0x7000
            } else {
                high = high & ~0xF000 | 0x4000
            }
            low = low & ~(3 << 62) | 2 << 62
            let bytes = withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { $0.load(as: uuid_t.self) }
            return Token(unchecked: UUID(uuid: bytes).uuidString.lowercased())
        }
    }

    /// Milliseconds since 1970, on the first of January 2026.
    private static let beginning: UInt64 = 1_767_225_600_000
}

/// Numbers that look like chance and are the same each time (SplitMix64).
private struct Scatter {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
