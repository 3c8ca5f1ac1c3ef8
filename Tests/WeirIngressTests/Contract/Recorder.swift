import Testing

@testable import WeirWire

/// Looks at every answer that a test gets: its route, its status, its header fields and its body must be in the
/// OpenAPI file.
enum Recorder {
    /// Records an issue for everything that the file does not describe.
    static func note(_ method: String, _ target: String, _ reply: Reply) {
        for fault in faults(method, target, reply) {
            Issue.record("\(method) \(target) → \(reply.status): \(fault)")
        }
    }

    /// What the file does not describe; empty when everything is as it says.
    static func faults(_ method: String, _ target: String, _ reply: Reply) -> [String] {
        let path = String(target.prefix { $0 != "?" })
        guard let (template, item) = item(for: path) else {
            let isRefused = reply.status == 404 && (method == "HEAD" || reply.problem == "not-found")
            return isRefused ? [] : ["the path is not described"]
        }
        let isHead = method == "HEAD"
        guard let operation = item[isHead ? "get" : method.lowercased()] else {
            return reply.status == 405 ? [] : ["\(template) does not describe the method"]
        }
        guard let described = operation["responses"]?[String(reply.status)] else {
            return ["\(template) does not describe the status"]
        }
        let response = Documents.openAPI.resolved(described)
        var faults: [String] = []
        let headers = response["headers"]?.names.map { $0.lowercased() } ?? []
        for (name, _) in reply.headers where !plainHeaders.contains(name.lowercased()) {
            if !headers.contains(name.lowercased()) { faults.append("the header \(name) is not described") }
        }
        let media = reply.headers.first(name: "content-type").map { String($0.prefix { $0 != ";" }) } ?? ""
        guard let content = response["content"]?[media] else {
            return faults + ["the media type '\(media)' is not described"]
        }
        guard !isHead else { return faults }
        if media == "application/x-ndjson" {
            let line =
                content["x-line-schema"]
                ?? .object(JSONFields([("$ref", .text("#/components/schemas/IntentAnswer"))]))
            return faults
                + reply.body.split(separator: UInt8(ascii: "\n")).flatMap {
                    Self.faults(of: $0, line)
                }
        }
        guard media.hasSuffix("json"), let schema = content["schema"] else { return faults }
        return faults + Self.faults(of: reply.body[...], schema)
    }

    private static func faults(of json: ArraySlice<UInt8>, _ schema: JSONValue) -> [String] {
        guard let fields = try? JSONFields(json) else { return ["the body is no JSON"] }
        return Schema(document: Documents.openAPI, schema: schema).faults(of: .object(fields))
    }

    /// The path's item, a path without parameters before one with.
    private static func item(for path: String) -> (template: String, item: JSONValue)? {
        guard let paths = Documents.openAPI["paths"] else { return nil }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let fitting = paths.names.filter { template in
            let parts = template.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == segments.count
                && zip(parts, segments).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }
        guard let best = fitting.min(by: { $0.count { $0 == "{" } < $1.count { $0 == "{" } }) else {
            return nil
        }
        return paths[best].map { (best, $0) }
    }

    /// What HTTP itself says, what says nothing about Weir, and what every answer may carry where there are quotas.
    private static let plainHeaders = [
        "content-type", "content-length", "date", "connection", "transfer-encoding", "allow", "cache-control",
        "ratelimit", "ratelimit-policy",
    ]
}
