import WeirWire

/// What one look of the doctor has found.
public struct Finding: Sendable, Hashable {
    /// How it stands.
    public enum Verdict: String, Sendable {
        /// As it should be.
        case well
        /// Something is wrong, and ``Finding/remedy`` mends it.
        case sick
        /// It cannot be seen from here; ``Finding/remedy`` says how it can.
        case unseen
    }

    /// What was looked at, one word.
    public let check: String
    /// How it stands.
    public let verdict: Verdict
    /// One sentence.
    public let detail: String
    /// The command that mends it, or that shows what cannot be seen.
    public let remedy: String?

    static func well(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, verdict: .well, detail: detail, remedy: nil)
    }

    static func sick(_ check: String, _ detail: String, mend remedy: String) -> Finding {
        Finding(check: check, verdict: .sick, detail: detail, remedy: remedy)
    }

    static func unseen(_ check: String, _ detail: String, see remedy: String) -> Finding {
        Finding(check: check, verdict: .unseen, detail: detail, remedy: remedy)
    }

    /// Writes the members of a finding's JSON.
    public func write(to json: inout JSONWriter) {
        json.member("check", check)
        json.member("verdict", verdict.rawValue)
        json.member("detail", detail)
        if let remedy { json.member("remedy", remedy) }
    }
}
