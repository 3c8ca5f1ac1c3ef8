import WeirCore
import WeirWire

extension IntentTrace {
    /// Writes the members of a trace's JSON.
    public func write(to json: inout JSONWriter) {
        json.member("token", token.text)
        json.member("status", intent?.state.rawValue ?? order?.state.rawValue ?? "queued")
        if let intent { json.member("intent") { intent.write(to: &$0) } }
        if let order {
            json.member("order") { order.write(to: &$0) }
            json.member(named: "line_tokens", .array(order.lineTokens.map { .text($0.text) }))
        }
        json.member("entries", array: entries) { json, entry in
            if let at = entry.at { json.member("at", at.rfc3339) }
            json.member("kind", entry.kind)
            json.member("detail", entry.detail)
            entry.place.write(to: &json)
        }
    }
}

extension IntentTrace.Place {
    /// Writes what is known as members of a JSON object.
    func write(to json: inout JSONWriter) {
        if let partition { json.member("partition", Int64(partition)) }
        if let seq { json.member("seq", seq) }
        if let isPublished { json.member("published", isPublished) }
        if let letter { json.member("dead_letter", letter) }
        if let replay { json.member("replay", replay) }
        if let replyTo { json.member("reply_to", replyTo) }
        if let correlationID { json.member("correlation_id", correlationID) }
        if let trace { json.member("traceparent", trace.text) }
    }
}
