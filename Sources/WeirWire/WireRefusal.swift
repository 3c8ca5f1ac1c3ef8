/// Why bytes could not be read as what they claim to be: names the field, what is wrong with it, and the remedy.
public struct WireRefusal: Error, Hashable, Sendable {
    /// The kind of refusal; its raw value is a dead letter's reason.
    public enum Code: String, Sendable, CaseIterable {
        case malformedJSON = "malformed_json"
        case missingField = "missing_field"
        case invalidField = "invalid_field"
        case unknownField = "unknown_field"
        case unknownType = "unknown_type"
        case missingProperty = "missing_property"
        case invalidProperty = "invalid_property"
        case tooLarge = "too_large"
        case wrongPartition = "wrong_partition"
    }

    /// The kind of refusal.
    public let code: Code
    /// The field or property concerned.
    public let field: String?
    /// One sentence for a person; holds no control characters.
    public let detail: String

    /// A refusal.
    public init(_ code: Code, at field: String?, _ detail: String) {
        self.code = code
        self.field = field.map(printable)
        self.detail = detail
    }
}

/// Text of a stranger, fit to be shown in a message: shortened, and without control characters.
public func printable(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(64) {
        let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        shown.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
    }
    return shown.unicodeScalars.count < text.unicodeScalars.count ? shown + "…" : shown
}
