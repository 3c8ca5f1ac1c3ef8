import Foundation

/// A demo that goes on after its command has ended: how to talk to it, and how to end it.
enum KeptDemo {
    /// Writes the script that ends it, and returns the command that runs it.
    static func writeScript(folder: String, pids: [pid_t], stopServers: String) throws -> String {
        let path = "\(folder)/stop-demo.sh"
        // A pid may be somebody else's by then, so each must still be one that works for this sandbox.
        let text = """
            #!/bin/sh
            # Ends the ingress and the workers of a kept demo of Weir, then its servers and this folder.
            ours() { tr '\\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -q ' serve --role '; }
            for pid in \(pids.map(String.init).joined(separator: " ")); do
                ours "$pid" && kill -TERM "$pid" 2>/dev/null
            done
            for pid in \(pids.map(String.init).joined(separator: " ")); do
                round=0
                while ours "$pid" && [ "$round" -lt 100 ]; do
                    round=$((round + 1))
                    sleep 0.1
                done
                ours "$pid" && kill -KILL "$pid" 2>/dev/null
            done
            exec \(stopServers)

            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return "sh \(path)"
    }

    /// What to print.
    ///
    /// - Parameter rabbitmqctl: the path of a script that runs RabbitMQ's tool for the demo's broker.
    static func directions(servers: DemoServers, script: String, rabbitmqctl: String) -> String {
        """

        Everything is still running.

          curl -s \(servers.url)/v1/skus/ticket
          curl -s -X PUT \(servers.url)/v1/skus/tea -H 'Content-Type: application/json' \\
               -d '{"stocked":10,"hold_seconds":60}'
          curl -s \(servers.url)/v1/intents -H 'Content-Type: application/json' -H 'Idempotency-Key: my-1' \\
               -H 'Prefer: wait=10' -d '{"sku":"tea","quantity":1,"buyer":"me"}'
          curl -s -X POST \(servers.url)/v1/intents/my-1/confirm
          curl -s \(servers.url)/v1/intents/my-1

          export WEIR_URL=\(servers.url)
          export DATABASE_URL='\(servers.sandbox.databaseURL)'
          export AMQP_URL='\(servers.sandbox.amqpURL)'
          weir intent trace my-1
          weir doctor --rabbitmqctl \(rabbitmqctl)

        Logs are in \(servers.sandbox.path). This ends it:

          \(script)

        """
    }
}
