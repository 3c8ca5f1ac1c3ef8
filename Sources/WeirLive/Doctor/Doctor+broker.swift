import AMQPClient
import WeirTopology
import WeirWire

/// What the broker tells.
extension Doctor {
    func rabbitmqVersion(_ connection: Connection) -> Finding {
        let text = connection.serverVersion ?? ""
        let numbers = text.split(separator: ".").prefix(2).compactMap { Int($0) }
        guard numbers.count == 2 else {
            return .unseen("rabbitmq", "the broker does not tell its version", see: "rabbitmqctl version")
        }
        guard !numbers.lexicographicallyPrecedes(requirements.rabbitmq) else {
            return .sick(
                "rabbitmq",
                "version \(printable(text)) is too old: Weir needs"
                    + " \(requirements.rabbitmq.map(String.init).joined(separator: ".")), for dead-lettering at least once",
                mend: "a newer RabbitMQ")
        }
        return .well("rabbitmq", printable(text))
    }

    /// Exchanges, queues and the arguments of queues.
    func topology(_ partitions: Int) throws -> (findings: [Finding], mayDeclare: Bool) {
        let found = try TopologyTool(amqpURL: amqpURL, partitions: partitions).check()
        var findings = found.faults.map { fault in
            Finding.sick(
                "topology", fault,
                mend: fault.hasSuffix("missing")
                    ? "weir topology apply"
                    : "let the workers empty it, delete it with rabbitmqctl delete_queue, then weir topology apply"
            )
        }
        if findings.isEmpty { findings.append(.well("topology", "everything is there")) }
        if !found.comparedArguments {
            findings.append(
                .unseen(
                    "arguments", "this user may not compare the queues' arguments",
                    see: "weir topology check, with an AMQP_URL of \(BrokerTopology.admin.name)"))
        }
        return (findings, found.comparedArguments)
    }

    /// What policies make of a queue that would break a promise. Its arguments, which the check of the topology
    /// compares, do not show that.
    private static let dangerous: Set<String> = [
        "overflow", "max-length", "max-length-bytes", "delivery-limit", "message-ttl", "expires",
        "dead-letter-exchange", "dead-letter-routing-key", "dead-letter-strategy",
    ]

    func policies(_ connection: Connection) -> Finding {
        let check = "policies"
        guard let view else {
            return .unseen(
                check, "AMQP does not show policies, which can change a queue in silence",
                see: "weir doctor --rabbitmqctl rabbitmqctl, on the broker's machine")
        }
        for queue in view.queues where queue.queue.hasPrefix("weir.") {
            for (policy, settings, clear) in [
                (queue.policy, queue.settings, "clear_policy"),
                (queue.operatorPolicy, queue.operatorSettings, "clear_operator_policy"),
            ] {
                let changed = settings.intersection(Self.dangerous).sorted()
                guard let policy, !changed.isEmpty else { continue }
                return .sick(
                    check,
                    "the policy '\(printable(policy))' changes \(changed.joined(separator: ", ")) of the queue"
                        + " \(printable(queue.queue))",
                    mend: "rabbitmqctl -p '\(connection.virtualHost)' \(clear) '\(policy)'")
            }
        }
        return .well(check, "none that changes what Weir needs")
    }

    /// What users may do: with the broker's tool all of them, without it this one as far as it can be tried.
    func brokerRights(_ connection: Connection, mayDeclare: Bool) -> [Finding] {
        let check = "permissions"
        guard let view else {
            let expected = BrokerTopology.users.first { $0.name == connection.userName }
            var lacks: String?
            if !mayDeclare, expected == nil || expected?.name == BrokerTopology.admin.name {
                lacks = "declare what Weir needs"
            }
            if expected?.name != BrokerTopology.worker.name, !mayWriteIntents() {
                lacks = "write the exchange \(BrokerTopology.intents)"
            }
            guard let lacks else {
                return [
                    .unseen(
                        check, "\(connection.userName) may do what can be tried; AMQP does not show the rest",
                        see: "weir doctor --rabbitmqctl rabbitmqctl, on the broker's machine")
                ]
            }
            return [
                .sick(
                    check, "the broker's user \(connection.userName) may not \(lacks)",
                    mend: Self.permit(expected ?? BrokerTopology.admin, as: connection.userName, connection))
            ]
        }
        var findings: [Finding] = []
        for permission in view.permissions {
            guard let user = BrokerTopology.users.first(where: { $0.name == permission.user }) else {
                continue
            }
            guard
                (permission.configure, permission.write, permission.read) != (
                    user.configure, user.write, user.read
                )
            else { continue }
            findings.append(
                .sick(
                    check, "the broker's user \(user.name) may do something else than his role needs",
                    mend: Self.permit(user, as: user.name, connection)))
        }
        return findings.isEmpty
            ? [.well(check, "the roles' users may do what they must and no more")] : findings
    }

    private static func permit(_ user: BrokerUser, as name: String, _ connection: Connection) -> String {
        "rabbitmqctl -p '\(connection.virtualHost)' set_permissions '\(name)' '\(user.configure)' '\(user.write)'"
            + " '\(user.read)'"
    }

    /// Publishes what no queue is bound for: the broker gives it back, or refuses it.
    private func mayWriteIntents() -> Bool {
        if case .unavailable(let reason) = probe(BrokerTopology.intents, routingKey: "doctor") {
            return !reason.contains("ACCESS_REFUSED")
        }
        return true
    }

    /// Whether a message that the broker gives up would find its way: bound, with room, and drained.
    func deadQueue(_ connection: Connection) -> [Finding] {
        let check = "dead_queue"
        let dead = BrokerTopology.dead
        let finding: Finding
        switch probe(dead, routingKey: "") {
        case .confirmed: finding = .well(check, "bound, with room")
        case .returned:
            finding = .sick(
                check,
                "the queue \(dead) is not bound to its exchange: what the broker dead-letters stays where it is",
                mend: "weir topology apply")
        case .nacked:
            finding = .sick(
                check, "the queue \(dead) is full: what the broker dead-letters stays where it is",
                mend: "weir serve --role worker, which drains it; and clear the policy that limits it")
        case .unavailable(let reason) where reason.contains("ACCESS_REFUSED"):
            finding = .unseen(
                check, "\(connection.userName) may not write \(dead)",
                see: "weir doctor, with an AMQP_URL of \(BrokerTopology.admin.name)")
        case .unavailable(let reason), .refused(let reason):
            finding = .sick(
                "publishing", "the broker takes no messages: \(printable(reason))", mend: "rabbitmqctl status"
            )
        case .timedOut:
            finding = .sick(
                "publishing", "the broker does not confirm: an alarm of memory or disk, or no quorum",
                mend: "rabbitmqctl status")
        }
        return [finding]
    }

    private func probe(_ exchange: String, routingKey: String) -> Publisher.Outcome {
        var settings = Publisher.Settings(
            amqp: AMQPSettings(url: amqpURL, connectionName: "weir doctor probe"))
        settings.confirmTimeoutSeconds = 3
        let publisher = Publisher(settings: settings, logger: logger)
        defer { publisher.stop(drain: .zero) }
        guard publisher.waitUntilReady(timeout: .seconds(5)) else {
            return .unavailable("it cannot be reached")
        }
        var properties = MessageProperties(type: DeadQueueDrain.probeType, deliveryMode: 2)
        // Where nobody drains, it goes by itself.
        properties.expiration = "1000"
        let outcome = publisher.publishAndWait(
            OutgoingMessage(
                exchange: exchange, routingKey: routingKey, properties: properties, body: [], mandatory: true)
        )
        if case .blocked(let reason) = publisher.state { return .unavailable("it is blocked, \(reason)") }
        return outcome
    }
}
