import Crypto

/// The SHA-256 of a credential: what is stored and looked up instead of the credential itself.
///
/// Whoever tries credentials cannot choose their digests, so the time that a look-up takes tells him nothing that he
/// could use; the comparison itself takes the same time for every pair all the same.
public struct CredentialDigest: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// The digest of a credential as it was sent.
    public init(of credential: Substring.UTF8View) {
        let digest: SHA256.Digest =
            credential.withContiguousStorageIfAvailable { Self.hash(UnsafeRawBufferPointer($0)) }
            ?? SHA256.hash(data: Array(credential))
        words = digest.withUnsafeBytes(Self.words)
    }

    /// The digest as it was stored; nil when it has not 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == SHA256.byteCount else { return nil }
        words = bytes.withUnsafeBytes(Self.words)
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in withUnsafeBytes(of: word, Array.init) }
    }

    public static func == (left: Self, right: Self) -> Bool {
        (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
            | (left.words.3 ^ right.words.3) == 0
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> SHA256.Digest {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        return hasher.finalize()
    }

    private static func words(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
        func word(_ position: Int) -> UInt64 {
            bytes.loadUnaligned(fromByteOffset: position * 8, as: UInt64.self)
        }
        return (word(0), word(1), word(2), word(3))
    }
}
