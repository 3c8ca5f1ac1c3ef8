import WeirWire

/// What a path below `/v1/dead-letters` or `/v1/replays` names.
enum DeadTarget: Sendable {
    case letters
    case groups
    case export
    case imports
    case discard
    case restore
    case letter(Int64)
    case replays
    case replay(Int64)
    case stop(Int64)
    case resume(Int64)

    /// Reads the parts behind `/v1/`; nil when nothing is there.
    static func read(_ parts: [String]) throws(Problem) -> DeadTarget? {
        switch (parts.first, parts.count) {
        case ("dead-letters", 1): return .letters
        case ("dead-letters", 2):
            switch parts[1] {
            case "groups": return .groups
            case "export": return .export
            case "import": return .imports
            case "discard": return .discard
            case "restore": return .restore
            default: return .letter(try number(parts[1], "dead letter"))
            }
        case ("replays", 1): return .replays
        case ("replays", 2): return .replay(try number(parts[1], "replay"))
        case ("replays", 3) where parts[2] == "stop": return .stop(try number(parts[1], "replay"))
        case ("replays", 3) where parts[2] == "resume": return .resume(try number(parts[1], "replay"))
        default: return nil
        }
    }

    /// The methods that this target knows, for the header `Allow`.
    var methods: String {
        switch self {
        case .letters, .groups, .export, .replay: "GET, HEAD"
        case .imports, .discard, .restore, .stop, .resume: "POST"
        case .letter: "GET, HEAD, PATCH"
        case .replays: "GET, HEAD, POST"
        }
    }

    private static func number(_ text: String, _ what: String) throws(Problem) -> Int64 {
        let isPlain = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isPlain, let number = Int64(text), number > 0 else {
            throw Problem(
                .invalidPath,
                "the \(what) '\(printable(text))' in the path must be its number, as a list shows it")
        }
        return number
    }
}
