/// Who acts on dead letters, and why: every action is recorded under both.
public struct Signature: Sendable, Hashable {
    /// Who: a person at the command line, or the name of a credential.
    public let who: String
    /// Why, in that person's words; may be empty where no reason is needed.
    public let why: String

    /// A signature; control characters are replaced, and what is too long is cut.
    public init(who: String, why: String = "") {
        self.who = Self.clean(who, 128)
        self.why = Self.clean(why, 1_000)
    }

    private static func clean(_ text: String, _ limit: Int) -> String {
        var clean = ""
        for scalar in text.unicodeScalars.prefix(limit) {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            clean.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return clean
    }
}
