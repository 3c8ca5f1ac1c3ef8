extension BrokerTopology {
    /// The topology as RabbitMQ's definitions file: what `rabbitmq/definitions.json` says and a test compares.
    ///
    /// A broker that loads definitions makes no default user, so the file brings one: `weir` with the password `weir`,
    /// for a first try behind a closed door. Change it before the broker can be reached from elsewhere.
    public var definitions: String {
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
                {"name":"weir","password_hash":"d2VpcjU3Dlu7NuWY1hDC0TLKik+0iRZ6HRKX1PkcjjVtC0Nz","hashing_algorithm":"rabbit_password_hashing_sha256","tags":[]}
              ],
              "vhosts": [{"name":"/"}],
              "permissions": [{"user":"weir","vhost":"/","configure":".*","write":".*","read":".*"}],
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
