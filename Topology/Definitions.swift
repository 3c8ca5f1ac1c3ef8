extension BrokerTopology {
    /// The topology as RabbitMQ's definitions file. With nobody's password it is what `rabbitmq/definitions.json` says
    /// and a test compares: a user without a password cannot log in.
    ///
    /// - Parameter passwordHashes: by the user's name, in the form of RabbitMQ's guide 'Passwords'.
    public func definitions(passwordHashes: [String: String] = [:]) -> String {
        let userLines = Self.users.map {
            """
            {"name":"\($0.name)","password_hash":"\(passwordHashes[$0.name] ?? "")",\
            "hashing_algorithm":"rabbit_password_hashing_sha256","tags":[]}
            """
        }
        let permissionLines = Self.users.map {
            """
            {"user":"\($0.name)","vhost":"/","configure":"\(jsonEscaped($0.configure))",\
            "write":"\(jsonEscaped($0.write))","read":"\(jsonEscaped($0.read))"}
            """
        }
        let exchangeLines = exchanges.map {
            """
            {"name":"\($0.name)","vhost":"/","type":"\($0.type)","durable":true,"auto_delete":false,\
            "internal":false,"arguments":{}}
            """
        }
        let queueLines = queues.map { queue in
            let arguments = queue.arguments.map { "\"\($0.name)\":\($0.value.json)" }.joined(separator: ",")
            return """
                {"name":"\(queue.name)","vhost":"/","durable":true,"auto_delete":false,"arguments":{\(arguments)}}
                """
        }
        let bindingLines = bindings.map {
            """
            {"source":"\($0.exchange)","vhost":"/","destination":"\($0.queue)","destination_type":"queue",\
            "routing_key":"\($0.routingKey)","arguments":{}}
            """
        }
        return """
            {
              "users": [
                \(userLines.joined(separator: ",\n    "))
              ],
              "vhosts": [{"name":"/"}],
              "permissions": [
                \(permissionLines.joined(separator: ",\n    "))
              ],
              "exchanges": [
                \(exchangeLines.joined(separator: ",\n    "))
              ],
              "queues": [
                \(queueLines.joined(separator: ",\n    "))
              ],
              "bindings": [
                \(bindingLines.joined(separator: ",\n    "))
              ]
            }

            """
    }
}

extension Argument.Value {
    /// The value as JSON; no text of ours needs escaping.
    public var json: String {
        switch self {
        case .text(let text): "\"\(text)\""
        case .integer(let number): String(number)
        case .flag(let flag): String(flag)
        }
    }
}

/// A regular expression as JSON holds it: the backslash is all in ours that needs escaping.
private func jsonEscaped(_ expression: String) -> String {
    expression.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
}
