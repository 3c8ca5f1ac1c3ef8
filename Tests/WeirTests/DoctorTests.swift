import AMQPClient
import Foundation
import Testing
import WeirCore
import WeirLive
import WeirSandbox
import WeirTopology

/// `weir doctor` on real servers: each sickness is made, seen by its line and the exit code, and mended.
@Suite struct DoctorTests {
    /// A room that can be made sick.
    private struct Ward {
        let sandbox: Sandbox
        let room: Room
        let rabbitmqctl: String

        static func make() async throws -> Ward {
            let sandbox = try await SharedSandbox.get()
            let room = try await sandbox.makeRoom()
            let ward = Ward(sandbox: sandbox, room: room, rabbitmqctl: try sandbox.writeRabbitmqctl())
            #expect(try ward.run("migrate", "--partitions", "2").code == 0)
            #expect(try ward.run("topology", "apply").code == 0)
            return ward
        }

        func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Run {
            let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
            return try Run(arguments, servers.merging(environment) { _, given in given })
        }

        /// Everything well: exit 0 and nothing unseen.
        func expectHealth(sourceLocation: SourceLocation = #_sourceLocation) async throws {
            var run = try run("doctor", "--rabbitmqctl", rabbitmqctl)
            // What was mended may take a moment to be seen.
            let deadline = ContinuousClock.now + .seconds(30)
            while run.code != 0, ContinuousClock.now < deadline {
                run = try self.run("doctor", "--rabbitmqctl", rabbitmqctl)
            }
            #expect(
                run.code == 0 && !run.output.contains("SICK") && !run.output.contains("unseen"),
                "\(run.output)\(run.errors)", sourceLocation: sourceLocation)
        }

        /// A line says what is wrong, the next one what mends it, and the exit code is 1.
        func expectSick(
            _ check: String, _ detail: String, mend: String, tool: Bool = false,
            environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            var found: Run?
            let deadline = ContinuousClock.now + .seconds(30)
            repeat {
                let run =
                    tool
                    ? try run("doctor", "--rabbitmqctl", rabbitmqctl, environment: environment)
                    : try run("doctor", environment: environment)
                found = run
                let lines = run.output.split(separator: "\n")
                for (line, next) in zip(lines, lines.dropFirst())
                where line.hasPrefix("SICK    \(check) ") && line.contains(detail)
                    && next.contains("mend it:")
                    && next.contains(mend)
                {
                    #expect(run.code == 1 && run.errors.contains("to mend"), sourceLocation: sourceLocation)
                    return
                }
            } while ContinuousClock.now < deadline
            Issue.record(
                "no line of \(check) with '\(detail)' and '\(mend)': \(found?.output ?? "")\(found?.errors ?? "")",
                sourceLocation: sourceLocation)
        }

        func settle(_ script: String) throws { try room.execute(script) }

        @discardableResult
        func onConnection<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value)
            async throws
            -> Value
        {
            try await withCheckedThrowingContinuation { continuation in
                _ = DedicatedThread(name: "test") { [url = room.amqpURL] in
                    continuation.resume(
                        with: Result {
                            let connection = try Connection(AMQPSettings(url: url, connectionName: "test"))
                            defer { connection.close() }
                            return try body(connection)
                        })
                }
            }
        }

        func publish(_ count: Int, to exchange: String, key: String) async throws {
            let publisher = Publisher(
                settings: .init(amqp: AMQPSettings(url: room.amqpURL, connectionName: "test")),
                logger: .init(label: "test"))
            #expect(await publisher.waitUntilReady(timeout: .seconds(20)))
            for number in 0..<count {
                _ = await publisher.publish(
                    OutgoingMessage(
                        exchange: exchange, routingKey: key, properties: MessageProperties(type: "test"),
                        body: [UInt8(number)], mandatory: true))
            }
            await withCheckedContinuation { continuation in
                _ = DedicatedThread(name: "test") {
                    publisher.stop(drain: .zero)
                    continuation.resume()
                }
            }
        }

        var database: String { "alter database \(room.databaseName)" }
    }

    @Test func healthyServersAreSaidToBeWell() async throws {
        let ward = try await Ward.make()
        let worker = try Served(
            ["--role", "worker"], ["DATABASE_URL": ward.room.databaseURL, "AMQP_URL": ward.room.amqpURL])
        defer { worker.stop() }
        try await ward.expectHealth()
        // Without the broker's tool it says what it does not see, and that is no sickness.
        let plain = try ward.run("doctor")
        #expect(plain.code == 0 && plain.output.contains("unseen  policies"), "\(plain.output)")
        #expect(plain.output.contains("see it: weir doctor --rabbitmqctl"))
        let json = try ward.run("doctor", "--json").output
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect(
            object?["healthy"] as? Bool == true && (object?["findings"] as? [Any])?.count ?? 0 > 10, "\(json)"
        )
        let broken = try ward.run("doctor", "--rabbitmqctl", "false")
        #expect(broken.code == 1 && broken.errors.hasPrefix("weir: 'false' ended with 1"), "\(broken.errors)")
        for (name, url) in [
            ("DATABASE_URL", "postgres://weir@127.0.0.1:9/weir"), ("AMQP_URL", "amqp://weir@127.0.0.1:9/"),
        ] {
            let away = try ward.run("doctor", environment: [name: url])
            #expect(away.code == 69 && away.errors.split(separator: "\n").count == 1, "\(away.errors)")
        }
    }

    @Test func whatIsWrongWithPostgreSQLIsSeen() async throws {
        let ward = try await Ward.make()
        let worker = try Served(
            ["--role", "worker"], ["DATABASE_URL": ward.room.databaseURL, "AMQP_URL": ward.room.amqpURL])
        defer { worker.stop() }
        let (name, database) = (ward.room.databaseName, ward.database)
        try ward.settle("\(database) set synchronous_commit = off")
        try await ward.expectSick(
            "synchronous_commit", "it is off: a crash", mend: "set synchronous_commit = on")
        try ward.settle("\(database) reset synchronous_commit")
        try ward.settle(
            "create role lax_\(name); alter role lax_\(name) in database \(name) set synchronous_commit = off"
        )
        try await ward.expectSick(
            "synchronous_commit", "off for lax_\(name)", mend: "alter role \"lax_\(name)\" in database")
        try ward.settle("drop role lax_\(name)")
        for setting in ["fsync", "full_page_writes"] {
            try ward.settle("alter system set \(setting) = off")
            try ward.settle("select pg_reload_conf()")
            try await ward.expectSick(
                "synchronous_commit", "\(setting) is off", mend: "alter system set \(setting) = on")
            try ward.settle("alter system reset \(setting)")
            try ward.settle("select pg_reload_conf()")
        }

        // The server is told to lie about its clock and its version.
        try ward.settle(
            """
            create schema sick;
            create function sick.clock_timestamp() returns timestamptz language sql as
                $$ select pg_catalog.clock_timestamp() + interval '1 day' $$;
            \(database) set search_path = sick, pg_catalog, public
            """)
        try await ward.expectSick("clock", "s ahead of this machine's", mend: "timedatectl set-ntp true")
        try ward.settle(
            """
            drop function sick.clock_timestamp();
            create function sick.current_setting(name text) returns text language sql as
                $$ select case name when 'server_version_num' then '130002'
                    when 'server_version' then '13.2' else pg_catalog.current_setting(name) end $$
            """)
        try await ward.expectSick("postgresql", "13.2 is too old", mend: "a newer server")
        try ward.settle("\(database) reset search_path")

        try ward.settle("update installation set timeline = timeline + 1")
        try await ward.expectSick("timeline", "another timeline", mend: "weir migrate --accept-failover")
        try ward.settle("update installation set timeline = timeline - 1")
        try ward.settle("delete from migration where name = 'm0006_traceparent'")
        try await ward.expectSick("migrations", "missing: m0006_traceparent", mend: "weir migrate")
        try ward.settle("insert into migration (name) values ('m0006_traceparent'), ('m9999_future')")
        try await ward.expectSick("migrations", "newer than this binary: m9999_future", mend: "newer weir")
        try ward.settle("delete from migration where name = 'm9999_future'")

        try ward.settle(
            "create role poor_\(name) login password 'poor'; grant select on all tables in schema public to poor_\(name)"
        )
        let poor = try #require(URLComponents(string: ward.room.databaseURL))
        var other = poor
        (other.user, other.password) = ("poor_\(name)", "poor")
        let url = try #require(other.string)
        try await ward.expectSick(
            "privileges", "the role poor_\(name) may not read and write: api_key",
            mend: "grant select, insert, update",
            environment: ["DATABASE_URL": url])
        try ward.settle("revoke select on all tables in schema public from poor_\(name)")
        try await ward.expectSick(
            "privileges", "may not even read", mend: "grant select, insert, update",
            environment: ["DATABASE_URL": url])
        try ward.settle("drop role poor_\(name)")
        try await ward.expectHealth()
    }

    @Test func anEmptyDatabaseHasToBeMigrated() async throws {
        let sandbox = try await SharedSandbox.get()
        let room = try await sandbox.makeRoom()
        let ward = Ward(sandbox: sandbox, room: room, rabbitmqctl: "")
        try await ward.expectSick("migrations", "no tables of Weir's", mend: "weir migrate")
    }

    @Test func whatIsWrongWithTheBrokerIsSeen() async throws {
        let ward = try await Ward.make()
        let (sandbox, vhost) = (ward.sandbox, ward.room.vhost)
        let worker = try Served(
            ["--role", "worker"], ["DATABASE_URL": ward.room.databaseURL, "AMQP_URL": ward.room.amqpURL])
        defer { worker.stop() }
        try await ward.expectHealth()

        try await sandbox.evaluateInBroker(
            #"application:set_env(rabbit, server_properties, [{version, "3.9.27"}])."#)
        try await ward.expectSick("rabbitmq", "3.9.27 is too old: Weir needs 3.10", mend: "newer RabbitMQ")
        try await sandbox.evaluateInBroker("application:set_env(rabbit, server_properties, []).")

        try await sandbox.runRabbitmqctl([
            "-p", vhost, "set_policy", "short", #"^weir\.intents"#, #"{"max-length":5}"#,
        ])
        try await ward.expectSick(
            "policies", "'short' changes max-length of the queue weir.intents.p0",
            mend: "clear_policy 'short'", tool: true)
        try await sandbox.runRabbitmqctl(["-p", vhost, "clear_policy", "short"])
        try await sandbox.runRabbitmqctl([
            "-p", vhost, "set_operator_policy", "hard", #"^weir\.dead$"#, #"{"message-ttl":60000}"#,
        ])
        try await ward.expectSick(
            "policies", "'hard' changes message-ttl of the queue weir.dead",
            mend: "clear_operator_policy 'hard'",
            tool: true)
        try await sandbox.runRabbitmqctl(["-p", vhost, "clear_operator_policy", "hard"])

        // A user of a role who may more than his role, and one who may too little.
        try await sandbox.runRabbitmqctl(["add_user", "weir-worker", "secret"])
        try await sandbox.runRabbitmqctl(["-p", vhost, "set_permissions", "weir-worker", ".*", ".*", ".*"])
        try await ward.expectSick(
            "permissions", "weir-worker may do something else",
            mend: "set_permissions 'weir-worker' '^$' '^(", tool: true)
        try await sandbox.runRabbitmqctl(["delete_user", "weir-worker"])
        try await sandbox.runRabbitmqctl(["add_user", "weir-ingress", "secret"])
        try await sandbox.runRabbitmqctl(["-p", vhost, "set_permissions", "weir-ingress", "^$", "^$", ".*"])
        var other = try #require(URLComponents(string: ward.room.amqpURL))
        (other.user, other.password) = ("weir-ingress", "secret")
        try await ward.expectSick(
            "permissions", "weir-ingress may not write the exchange weir.intents",
            mend: "set_permissions 'weir-ingress'",
            environment: ["AMQP_URL": try #require(other.string)])
        try await sandbox.runRabbitmqctl(["delete_user", "weir-ingress"])

        try await sandbox.runRabbitmqctl(["set_vm_memory_high_watermark", "0.0001"])
        do {
            try await ward.expectSick("publishing", "the broker", mend: "rabbitmqctl status")
        } catch {
            try await sandbox.runRabbitmqctl(["set_vm_memory_high_watermark", "absolute", "2GB"])
            throw error
        }
        try await sandbox.runRabbitmqctl(["set_vm_memory_high_watermark", "absolute", "2GB"])

        try await ward.onConnection {
            try $0.unbindQueue(queue: "weir.dead", exchange: "weir.dead", routingKey: "")
        }
        try await ward.expectSick("dead_queue", "weir.dead is not bound", mend: "weir topology apply")
        #expect(try ward.run("topology", "apply").code == 0)
        try await ward.expectHealth()
    }

    /// Without workers: everything that should move stands still.
    @Test func whatStandsStillIsSeen() async throws {
        let ward = try await Ward.make()
        try await ward.expectSick(
            "owners", "without an owner: partitions 0, 1 of 2, with 0 worker processes",
            mend: "weir serve --role worker")
        try await ward.publish(3, to: "weir.intents", key: "0")
        try await ward.expectSick(
            "deliveries", "3 messages are ready in weir.intents.p00, and nobody consumes it",
            mend: "weir serve --role worker")
        try ward.settle(
            """
            update partition set head = 1 where partition = 1;
            insert into event (seq, at, type, partition, sku, body)
                values (1, now() - interval '1 minute', 'weir.sku.sold_out.v1', 1, 'tea', '{}')
            """)
        try await ward.expectSick(
            "cursor", "1 event of partition 1 is not published, the first one for 6",
            mend: "weir serve --role worker")

        // Somebody consumes and decides nothing.
        let holder = Task {
            try await ward.onConnection { connection in
                try connection.qos(prefetch: 1)
                try connection.consume(queue: "weir.intents.p00")
                while !Task.isCancelled { _ = try connection.nextDelivery(wait: .milliseconds(200)) }
            }
        }
        try await ward.expectSick(
            "deliveries", "2 messages are ready in weir.intents.p00, and in 2.0 seconds none was decided",
            mend: "list_consumers")
        holder.cancel()

        // What the broker gives up finds no room, or nobody to fetch it.
        try await ward.publish(2, to: "weir.dead", key: "")
        try await ward.expectSick(
            "deliveries", "2 messages are ready in weir.dead, and nobody", mend: "weir serve --role worker")
        try await ward.sandbox.runRabbitmqctl([
            "-p", ward.room.vhost, "set_policy", "small", #"^weir\.dead$"#,
            #"{"max-length":1,"overflow":"reject-publish"}"#,
        ])
        try await ward.expectSick("dead_queue", "weir.dead is full", mend: "weir serve --role worker")

        try await ward.onConnection { try $0.deleteQueue("weir.internal.p01") }
        try await ward.expectSick(
            "topology", "queue weir.internal.p01 is missing", mend: "weir topology apply")
        #expect(try ward.run("topology", "apply").code == 0)
        try await ward.onConnection { connection in
            try connection.deleteQueue("weir.internal.p01")
            try connection.declareQueue(name: "weir.internal.p01")
        }
        try await ward.expectSick(
            "topology", "queue weir.internal.p01 has other arguments", mend: "delete_queue")
    }
}
