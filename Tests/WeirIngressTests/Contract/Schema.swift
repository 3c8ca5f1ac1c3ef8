@testable import WeirWire

/// Checks values against the part of JSON Schema that our descriptions use.
///
/// Stricter than the standard in one point: a member that the schema does not name is a fault, so that nothing is
/// sent that is not described.
struct Schema {
    /// The document that `$ref`s lead into.
    let document: JSONValue
    let schema: JSONValue

    /// What is wrong with a value; empty when nothing is.
    func faults(of value: JSONValue, at path: String = "$") -> [String] {
        let schema = document.resolved(schema)
        func inner(_ part: JSONValue) -> Schema { Schema(document: document, schema: part) }
        var faults: [String] = []
        for keyword in schema.names {
            guard let argument = schema[keyword] else { continue }
            switch keyword {
            case "type":
                let kinds = argument.string.map { [$0] } ?? argument.elements.compactMap(\.string)
                if !kinds.contains(where: { Self.isKind($0, value) }) {
                    faults.append("\(path) is \(value.kind), not \(kinds.joined(separator: " or "))")
                }
            case "const": if value != argument { faults.append("\(path) is not \(argument)") }
            case "enum": if !argument.elements.contains(value) { faults.append("\(path) is \(value)") }
            case "pattern":
                if let text = value.string, let pattern = argument.string,
                    (try? Regex(pattern).firstMatch(in: text)) == nil
                {
                    faults.append("\(path) is '\(text)', which does not match \(pattern)")
                }
            case "minimum":
                if let number = value.number, let least = argument.number, number < least {
                    faults.append("\(path) is \(number)")
                }
            case "maximum":
                if let number = value.number, let most = argument.number, number > most {
                    faults.append("\(path) is \(number)")
                }
            case "minLength":
                if let text = value.string, let least = argument.number, text.unicodeScalars.count < least {
                    faults.append("\(path) is too short")
                }
            case "maxLength":
                if let text = value.string, let most = argument.number, text.unicodeScalars.count > most {
                    faults.append("\(path) is too long")
                }
            case "required":
                for name in argument.elements.compactMap(\.string) where !value.names.contains(name) {
                    faults.append("\(path) lacks '\(name)'")
                }
            case "properties":
                for name in value.names {
                    guard let part = argument[name] else {
                        faults.append("\(path) has '\(name)', which is not described")
                        continue
                    }
                    faults += inner(part).faults(of: value[name] ?? .null, at: "\(path).\(name)")
                }
            case "minItems":
                if let least = argument.number, value.elements.count < least {
                    faults.append("\(path) has too few elements")
                }
            case "maxItems":
                if let most = argument.number, value.elements.count > most {
                    faults.append("\(path) has too many elements")
                }
            case "items":
                for (position, element) in value.elements.enumerated() {
                    faults += inner(argument).faults(of: element, at: "\(path)[\(position)]")
                }
            case "anyOf", "oneOf":
                let all = argument.elements.map { inner($0).faults(of: value, at: path) }
                if !all.contains(where: \.isEmpty) { faults += all.flatMap { $0 } }
            case "not":
                if inner(argument).faults(of: value).isEmpty {
                    faults.append("\(path) is what it must not be")
                }
            case "$ref", "description", "title", "default", "example", "examples", "format",
                "additionalProperties":
                continue
            default:
                if !keyword.hasPrefix("x-") {
                    faults.append("the test does not know the keyword '\(keyword)'")
                }
            }
        }
        return faults
    }

    private static func isKind(_ kind: String, _ value: JSONValue) -> Bool {
        switch (kind, value) {
        case ("string", .text), ("integer", .integer), ("number", .integer), ("number", .otherNumber),
            ("boolean", .flag), ("object", .object), ("array", .array), ("null", .null):
            true
        default: false
        }
    }
}
