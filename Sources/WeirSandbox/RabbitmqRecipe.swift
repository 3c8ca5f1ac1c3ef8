import Foundation
import Synchronization

/// A RabbitMQ of our own, alone or a node of a cluster: one administrator `weir`, no plugin, everything on loopback.
final class RabbitmqRecipe: ServerRecipe {
    let name = "RabbitMQ"
    let folder: String
    let port: Int
    /// RabbitMQ closes its queues in order on it.
    let shutdownSignal = SIGTERM

    static let user = "weir"
    /// Erlang's name of the node.
    let node: String
    let password: String
    private let epmd: Epmd
    private let cookie: String
    private let environmentOfServer: [String: String]
    private let isAlone: Bool
    private let distributionPort: PortReservation
    private let account: Account
    private let server: String
    private let rabbitmqctl: String
    private let tls: (files: SandboxTLS, port: PortReservation)?

    /// What the nodes of one cluster have in common.
    struct Cluster: Sendable {
        let epmd: Epmd
        /// Whoever has it commands the brokers.
        let cookie = Secret.random()
        let password = Secret.random()
        /// How many nodes there are.
        let size: Int
        /// Variables for the brokers.
        var environment: [String: String] = [:]
    }

    /// - Parameter number: the node's number, from 1.
    init(folder: String, port: Int, number: Int = 1, of cluster: Cluster, tls: SandboxTLS? = nil) throws {
        self.folder = folder
        self.port = port
        node = number == 1 ? "weir@localhost" : "weir\(number)@localhost"
        (epmd, cookie, password) = (cluster.epmd, cluster.cookie, cluster.password)
        (environmentOfServer, isAlone) = (cluster.environment, cluster.size == 1)
        server = try Programs.rabbitmq.find("rabbitmq-server", of: "RabbitMQ", package: "rabbitmq-server")
        rabbitmqctl = try Programs.rabbitmq.find("rabbitmqctl", of: "RabbitMQ", package: "rabbitmq-server")
        account = try Account(preferring: "rabbitmq")
        distributionPort = try PortReservation()
        self.tls = try tls.map { ($0, try PortReservation()) }
    }

    /// Writes the configuration; once, before the first start.
    func create(configuration: String) throws {
        try account.makeFolder(folder)
        try account.makeFolder("\(folder)/home")
        // The file's mode is the lock (Erlang insists on it).
        try account.write(cookie, to: "\(folder)/home/.erlang.cookie")
        try tls?.files.install(in: folder, account)
        try account.write(
            RabbitmqConfiguration.text(
                port: port, user: Self.user, password: password, tls: tls.map { (folder, $0.port.port) },
                wishes: configuration),
            to: "\(folder)/rabbitmq.conf")
        try account.write("[].\n", to: "\(folder)/enabled_plugins")
        try account.write(RabbitmqControl.script, to: "\(folder)/control.erl")
    }

    func prepareStart() async throws {
        try await epmd.start(in: folder, environment: environment)
    }

    /// Whether the epmd that the last start needed still runs.
    var isEpmdRunning: Bool { epmd.isRunning }

    func start() -> Spawn {
        var changed = environment.merging(environmentOfServer) { own, _ in own }
        // The wrapper script then becomes Erlang by exec: our child's pid is the broker's.
        changed["RUNNING_UNDER_SYSTEMD"] = "true"
        changed["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = [
            "-start_epmd false",
            "-kernel inet_dist_use_interface {127,0,0,1}",
            "+S \(schedulers):\(schedulers)",
            // Erlang's threads spin when they have nothing to do, and take the processor from the servers beside them
            // (RabbitMQ's guide 'Runtime Tuning', 'Reducing CPU Usage').
            "+sbwt none +sbwtdcpu none +sbwtdio none",
            // The script splits these words at blanks, so there is none in the expression.
            #"-eval file:script(os:getenv("WEIR_SANDBOX_CONTROL")++".erl")"#,
        ].joined(separator: " ")
        changed["WEIR_SANDBOX_CONTROL"] = "\(folder)/control"
        return account.applied(
            to: Spawn(server, [], environment: changed, folder: folder, output: logFile))
    }

    /// The control socket opens when the boot is over. Then: sends the protocol header, expects a method
    /// frame, which is `connection.start`.
    func isReady() -> Bool {
        guard control.isListening, let socket = LocalSocket(port: port, seconds: 2) else { return false }
        let header = Array("AMQP".utf8) + [0, 0, 9, 1]
        return socket.send(header) && socket.receive(1) == [1]
    }

    /// After a kill a quorum queue of RabbitMQ 3.10 on a single node often comes back as a follower without an
    /// election timer, and waits for ever for a leader (seen in 8 of 10 kills): so each is told to elect one.
    /// In a cluster the others have a leader.
    func finishRestart() async throws {
        guard isAlone else { return }
        _ = try await control.evaluate(
            """
            [ra:trigger_election(amqqueue:get_pid(Q)) || Q <- rabbit_amqqueue:list(),
                amqqueue:get_type(Q) =:= rabbit_quorum_queue].
            """)
    }

    /// Makes this node, fresh and started, one of the cluster of another.
    func join(_ other: RabbitmqRecipe) async throws {
        _ = try await control.evaluate(
            """
            ok = rabbit:stop(), ok = rabbit_mnesia:join_cluster('\(other.node)', disc), ok = rabbit:start().
            """, seconds: 120)
    }

    /// Evaluates Erlang inside the broker, in milliseconds.
    var control: RabbitmqControl { RabbitmqControl(path: "\(folder)/control") }

    /// Runs RabbitMQ's own command line tool; half a second of it is Erlang's start.
    func runRabbitmqctl(_ arguments: [String]) async throws -> String {
        var changed = environment
        // Without a listener and a name in epmd, any number of them can run at once.
        changed["RABBITMQ_CTL_ERL_ARGS"] = "-dist_listen false -start_epmd false"
        return try await Command.run(
            account.applied(to: Spawn(rabbitmqctl, arguments, environment: changed, folder: folder)),
            scratch: folder)
    }

    /// Writes a script that runs `rabbitmqctl` for this broker from any shell, and returns its path.
    func writeRabbitmqctl() throws -> String {
        let path = "\(folder)/rabbitmqctl"
        guard access(path, F_OK) != 0 else { return path }
        var changed = environment
        changed["RABBITMQ_CTL_ERL_ARGS"] = "-dist_listen false -start_epmd false"
        let spawn = account.applied(
            to: Spawn(rabbitmqctl, [], environment: changed, folder: folder, output: logFile))
        func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
        let exports = changed.sorted { $0.key < $1.key }.map { "export \($0.key)=\(quoted($0.value))" }
        let program = ([spawn.executable] + spawn.arguments).map(quoted).joined(separator: " ")
        let lines = ["#!/bin/sh", "cd \(quoted(folder))"] + exports + ["exec \(program) \"$@\"", ""]
        try account.write(lines.joined(separator: "\n"), to: path)
        guard chmod(path, 0o700) == 0 else {
            throw SandboxError.system("making \(path) executable", errno: errno)
        }
        return path
    }

    /// Where clients connect for one virtual host.
    func url(vhost: String) -> String {
        "amqp://\(Self.user):\(password)@127.0.0.1:\(port)/\(Self.escaped(vhost))"
    }

    /// The same with TLS; nil when the broker does not speak it.
    func securedURL(vhost: String) -> String? {
        tls.map { tls in
            "amqps://\(Self.user):\(password)@localhost:\(tls.port.port)/\(Self.escaped(vhost))?cacertfile="
                + tls.files.authoritiesFile
        }
    }

    private static func escaped(_ vhost: String) -> String {
        vhost.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-", "_"])) ?? vhost
    }

    /// Half of the processors: PostgreSQL and Weir live beside the broker. On two of them a second scheduler makes every
    /// message dearer, by waking threads, and nothing faster.
    private var schedulers: Int { max(1, min(4, ProcessInfo.processInfo.activeProcessorCount / 2)) }

    /// Nothing of the caller's environment gets in: a RABBITMQ_ variable there could point at a real broker.
    private var environment: [String: String] {
        [
            "PATH": Programs.searchPath,
            "HOME": "\(folder)/home",
            StopScript.mark: StopScript.folder(of: folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": "\(epmd.port)",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RABBITMQ_NODENAME": node,
            "RABBITMQ_DIST_PORT": "\(distributionPort.port)",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": "\(folder)/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": "\(folder)/advanced.config",
            "RABBITMQ_GENERATED_CONFIG_DIR": "\(folder)/generated",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "\(folder)/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": "\(folder)/mnesia",
            "RABBITMQ_LOG_BASE": "\(folder)/log",
            "RABBITMQ_LOGS": "-",
        ]
    }
}
