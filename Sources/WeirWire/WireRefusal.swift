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
    /// Every field that is wrong, up to ``mostFlaws``, in the order in which they are read; empty when no field is to
    /// blame.
    public let flaws: [FieldFlaw]

    /// A refusal. `element` is the place, from 0, of what is wrong in an array; otherwise the whole field is.
    public init(_ code: Code, at field: String?, element: Int? = nil, _ detail: String) {
        let field = field.map(printable)
        self.code = code
        self.field = field
        self.detail = detail
        flaws =
            field.map { field in
                let flaw = FieldFlaw(field: field, detail: detail)
                guard let element else { return [flaw] }
                return [FieldFlaw(field: field, detail: detail, pointer: "\(flaw.pointer)/\(element)")]
            } ?? []
    }

    /// A refusal of what the object `object` holds: points into it.
    package init(_ inner: WireRefusal, inObject object: String) {
        code = inner.code
        field = inner.field
        detail = inner.detail
        flaws = inner.flaws.map {
            FieldFlaw(field: $0.field, detail: $0.detail, pointer: "/\(object)\($0.pointer)")
        }
    }

    /// A refusal of the line at `position`, from 0, in the array `array`: says which line, and points into it.
    init(_ inner: WireRefusal, in array: String, at position: Int) {
        let lead = "line \(position + 1): "
        code = inner.code
        field = array
        detail = lead + inner.detail
        flaws = inner.flaws.map {
            FieldFlaw(field: array, detail: lead + $0.detail, pointer: "/\(array)/\(position)\($0.pointer)")
        }
    }

    /// Several refusals of one body as one: of the first one's kind, with the flaws of all.
    init(_ first: WireRefusal, and others: ArraySlice<WireRefusal>) {
        let all = first.flaws + others.flatMap(\.flaws)
        code = first.code
        field = first.field
        flaws = Array(all.prefix(Self.mostFlaws))
        let shown = all.prefix(Self.shownAtMost).map(\.detail).joined(separator: "; ")
        detail = all.count > Self.shownAtMost ? shown + "; and \(all.count - Self.shownAtMost) more" : shown
    }

    /// How many wrong fields are named: more than any command has, but a small body cannot ask for a large answer.
    public static let mostFlaws = 16
    /// How many of several refusals ``detail`` repeats.
    private static let shownAtMost = 4
}

/// One field that is wrong, and how to correct it.
public struct FieldFlaw: Hashable, Sendable {
    /// The field's name; holds no control characters.
    public let field: String
    /// One sentence for a person.
    public let detail: String
    /// Where it is in the body, as a JSON pointer (RFC 6901): `/quantity`, or `/lines/0/quantity` in an array.
    public let pointer: String

    /// What is wrong with a field; no text may hold control characters. Without a pointer it is a field of the body
    /// itself.
    package init(field: String, detail: String, pointer: String? = nil) {
        self.field = field
        self.detail = detail
        self.pointer = pointer ?? "/" + pointerEscaped(field)
    }
}

/// A field's name as one step of a JSON pointer.
private func pointerEscaped(_ field: String) -> String {
    field.reduce(into: "") { text, character in
        switch character {
        case "~": text += "~0"
        case "/": text += "~1"
        default: text.append(character)
        }
    }
}

/// Reads one field after the other and goes on behind one that is wrong, so that a sender learns of all at once.
package struct Flaws {
    private var found: [WireRefusal] = []

    /// None so far.
    package init() {}

    /// What `read` read, or nil when that was refused.
    @discardableResult
    package mutating func read<Value>(_ read: () throws(WireRefusal) -> Value) -> Value? {
        do {
            return try read()
        } catch {
            note(error)
            return nil
        }
    }

    /// Keeps a refusal.
    package mutating func note(_ refusal: WireRefusal) { found.append(refusal) }

    /// The names of the fields that were refused so far.
    package var fields: [String] { found.compactMap(\.field) }

    /// All refusals so far as one. Only called when something was refused.
    package var refusal: WireRefusal {
        guard let first = found.first else { return WireRefusal(.invalidField, at: nil, "nothing is wrong") }
        return found.count == 1 ? first : WireRefusal(first, and: found.dropFirst())
    }

    /// Throws when anything was refused.
    package func check() throws(WireRefusal) {
        if !found.isEmpty { throw refusal }
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
