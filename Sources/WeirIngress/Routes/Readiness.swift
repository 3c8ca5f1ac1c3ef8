import HTTPTypes
import Synchronization
import WeirWire

extension RequestHandler {
    /// `GET /readyz`: 200 when a request would find everything that it needs, else 503; names every check.
    func readiness() async -> Answer {
        async let queues = probe.finding()
        let database = await lookUps.ping()
        var checks: [(name: String, fault: String?)] = []
        if case .away = database {
            checks.append(("database", "PostgreSQL cannot be reached"))
        } else {
            checks.append(("database", nil))
        }
        switch publisher.state {
        case .ready: checks.append(("publisher", nil))
        case .connecting: checks.append(("publisher", "not connected to the broker"))
        case .blocked(let reason):
            checks.append(("publisher", "the broker has blocked it: \(printable(reason))"))
        case .stopped: checks.append(("publisher", "it has stopped"))
        }
        checks.append(("outcome_queue", listener.isConnected ? nil : "not connected to the broker"))
        checks.append(("partition_queues", await queues))
        checks.append(("credentials", credentials.fault))
        if isDraining.load(ordering: .relaxed) { checks.append(("server", "it is shutting down")) }
        let isReady = checks.allSatisfy { $0.fault == nil }
        var answer = Answer(
            isReady ? .ok : .serviceUnavailable,
            JSONWriter.object { json in
                json.member("status", isReady ? "ready" : "not_ready")
                json.member("checks", array: checks) { json, check in
                    json.member("name", check.name)
                    json.member("ok", check.fault == nil)
                    if let fault = check.fault { json.member("detail", fault) }
                }
            })
        if !isReady { answer.fields[.retryAfter] = "1" }
        return answer
    }
}
