/// A new API key: `weir_`, its id, `_`, and 160 random bits.
///
/// The prefix lets scanners of repositories and logs find one that has got out, the id tells which one it is.
/// Only whoever makes it ever sees the text.
public struct APIKey: Sendable {
    /// What people and logs call the key; no secret.
    public let id: String
    /// The whole key: the secret.
    public let text: String

    /// What every key begins with.
    public static let prefix = "weir_"
    private static let idBytes = 5
    private static let secretBytes = 20

    /// A key out of the system's random numbers.
    public init() {
        id = Self.random(Self.idBytes)
        text = Self.prefix + id + "_" + Self.random(Self.secretBytes)
    }

    /// What is stored of it.
    public var digest: CredentialDigest { CredentialDigest(of: text[...].utf8) }

    /// The id inside a whole key, or the text itself when it is an id; nil when it is neither.
    public static func id(in text: String) -> String? {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        let id = parts.count == 3 && parts[0] == "weir" ? String(parts[1]) : text
        return id.utf8.count == 8 && id.utf8.allSatisfy(alphabet.contains) ? id : nil
    }

    /// Base32 (RFC 4648) in small letters: a double click selects the whole, and nothing looks like something else.
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    private static func random(_ bytes: Int) -> String {
        // The system's generator is the kernel's, fit for secrets.
        let symbols = (0..<(bytes * 8 / 5)).map { _ in alphabet.randomElement() ?? 0 }
        return String(decoding: symbols, as: UTF8.self)
    }
}
