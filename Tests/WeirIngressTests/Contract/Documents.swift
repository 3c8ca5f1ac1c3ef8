import WeirContract
import Yams

@testable import WeirWire

/// The two descriptions of the API, read once, as JSON values.
enum Documents {
    static let openAPI = read(Contract.openAPI)
    static let asyncAPI = read(Contract.asyncAPI)

    private static func read(_ bytes: [UInt8]) -> JSONValue {
        guard let node = try? Yams.compose(yaml: String(decoding: bytes, as: UTF8.self)) else {
            fatalError("a description of the API is no YAML")
        }
        return value(node)
    }

    private static func value(_ node: Node) -> JSONValue {
        switch node {
        case .mapping(let mapping):
            .object(JSONFields(mapping.map { ($0.key.string ?? "", value($0.value)) }))
        case .sequence(let sequence): .array(sequence.map(value))
        case .scalar:
            if node.null != nil {
                .null
            } else if let number = node.int {
                .integer(Int64(number))
            } else if let flag = node.bool {
                .flag(flag)
            } else {
                .text(node.string ?? "")
            }
        case .alias: fatalError("Yams resolves aliases when it composes")
        }
    }
}

extension JSONValue {
    /// A member of an object.
    subscript(name: String) -> JSONValue? {
        guard case .object(let fields) = self else { return nil }
        return fields.members.first { $0.name == name }?.value
    }

    /// The names of an object's members, in their order.
    var names: [String] {
        guard case .object(let fields) = self else { return [] }
        return fields.members.map(\.name)
    }

    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    var string: String? { if case .text(let text) = self { text } else { nil } }
    var number: Int64? { if case .integer(let number) = self { number } else { nil } }

    /// What a `$ref` inside this document leads to, or the value itself.
    func resolved(_ value: JSONValue) -> JSONValue {
        guard let reference = value["$ref"]?.string, reference.hasPrefix("#/") else { return value }
        var target: JSONValue? = self
        for step in reference.dropFirst(2).split(separator: "/") { target = target?[String(step)] }
        return target.map(resolved) ?? .null
    }
}
