import Foundation
import Synchronization
import WeirLive
import WeirSandbox

/// Everything that a demo runs: the sandbox with RabbitMQ and PostgreSQL, an ingress and two workers.
final class DemoServers: Sendable {
    let sandbox: Sandbox
    let url: String
    private let port: Int
    private let children = Mutex<[Role: Child]>([:])

    /// What a process of ours does.
    enum Role: Hashable, Sendable, CustomStringConvertible {
        case ingress
        case worker(Int)

        var description: String {
            switch self {
            case .ingress: "the ingress"
            case .worker(let number): "worker \(number)"
            }
        }
    }

    static let workers = [Role.worker(1), .worker(2)]

    private init(sandbox: Sandbox, port: Int) {
        self.sandbox = sandbox
        self.port = port
        url = "http://127.0.0.1:\(port)"
    }

    /// Starts everything, and stops it again if that fails half-way. `say` tells the steps.
    static func start(say: (String) -> Void) async throws -> DemoServers {
        let start = ContinuousClock.now
        func elapsed() -> String { ((ContinuousClock.now - start) / .seconds(1)).fixed(1) + " s" }
        say("starting a private PostgreSQL and RabbitMQ")
        let servers = DemoServers(sandbox: try await Sandbox.start(), port: try freePort())
        do {
            try Task.checkCancellation()
            say("\(elapsed()): both run; creating tables and queues")
            try await servers.runToEnd(["migrate"])
            try await servers.runToEnd(["topology", "apply"])
            try await servers.startAll(endWithUs: true)
            say("\(elapsed()): one ingress and two workers are ready")
            return servers
        } catch {
            await servers.stop()
            throw error
        }
    }

    /// Starts the ingress and the workers and waits until they are ready.
    func startAll(endWithUs: Bool) async throws {
        for role in [.ingress] + Self.workers { try await start(role, endsWithUs: endWithUs) }
        try await waitUntilReady()
    }

    /// Starts one process.
    func start(_ role: Role, endsWithUs: Bool = true) async throws {
        let (arguments, log) =
            switch role {
            case .ingress: (["serve", "--role", "ingress"], "ingress.log")
            case .worker(let number): (["serve", "--role", "worker"], "worker-\(number).log")
            }
        let child = try await Child.start(
            .init(
                arguments: arguments, environment: environment, logFile: "\(sandbox.path)/\(log)",
                endsWithUs: endsWithUs))
        children.withLock { $0[role] = child }
    }

    /// The process that does this.
    subscript(role: Role) -> Child? { children.withLock { $0[role] } }

    /// SIGKILL, as if the machine had lost power.
    func kill(_ role: Role) async {
        guard let child = self[role] else { return }
        child.signal(SIGKILL)
        _ = await child.hasEnded(withinSeconds: 5)
    }

    /// A process that has ended although nobody wanted that.
    func checkAlive(except missing: Role? = nil) throws {
        for (role, child) in children.withLock({ $0 }) where role != missing && !child.isRunning {
            throw Failure(
                "\(role) has ended with exit code \(child.exitCode ?? 0):\n\(child.tail())", .failed)
        }
    }

    /// Runs one of our commands to its end and returns what it wrote and its exit code.
    func run(_ arguments: [String], limitSeconds: Double = 60) async throws -> (
        output: String, exitCode: Int32
    ) {
        let child = try await Child.start(
            .init(
                arguments: arguments, environment: environment,
                logFile: "\(sandbox.path)/\(arguments[0])-\(UInt32.random(in: 0...UInt32.max)).log"))
        guard await child.hasEnded(withinSeconds: limitSeconds) else {
            child.signal(SIGKILL)
            throw Failure("weir \(arguments.joined(separator: " ")) had not ended in time", .failed)
        }
        return (child.output, child.exitCode ?? 1)
    }

    private func runToEnd(_ arguments: [String]) async throws {
        let (output, exitCode) = try await run(arguments)
        guard exitCode == 0 else {
            throw Failure("weir \(arguments.joined(separator: " ")) failed:\n\(output)", .failed)
        }
    }

    /// Waits until the ingress says so and every partition has an owner.
    private func waitUntilReady() async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        try await WeirClient.with(url: url) { client in
            while true {
                try checkAlive()
                try await Task.sleep(for: .milliseconds(50))
                let isReady = (try? await client.call(.get, "/readyz")) != nil
                if isReady, try await areOwned() { return }
                guard .now < deadline else {
                    throw Failure(
                        "the servers were not ready after 30 seconds:\n"
                            + children.withLock { $0.values.map { $0.tail(5) } }.joined(separator: "\n"),
                        .failed)
                }
            }
        }
    }

    /// Whether every partition has an owner.
    func areOwned() async throws -> Bool {
        try PartitionOwners(databaseURL: sandbox.databaseURL).processes.count == Self.partitions
    }

    /// What `weir migrate` chooses if nobody says anything.
    private static let partitions = 8

    /// Ends everything in order, the servers last.
    func stop() async {
        await stopChildren()
        await sandbox.stop()
    }

    /// Ends the ingress and the workers.
    func stopChildren() async {
        let all = children.withLock { children in
            defer { children = [:] }
            return children
        }
        await withDiscardingTaskGroup { group in
            for child in all.values { group.addTask { await child.stop(graceSeconds: 8) } }
        }
    }

    /// The pids of what runs.
    var pids: [pid_t] { children.withLock { $0.values.map(\.pid) }.sorted() }

    /// What a child sees of our environment: nothing that could lead it to other servers.
    var environment: [String: String] {
        let ours = ProcessInfo.processInfo.environment
        var environment: [String: String] = [:]
        for name in ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH"] {
            environment[name] = ours[name]
        }
        environment["DATABASE_URL"] = sandbox.databaseURL
        environment["AMQP_URL"] = sandbox.amqpURL
        environment["WEIR_HTTP_HOST"] = "127.0.0.1"
        environment["WEIR_HTTP_PORT"] = "\(port)"
        return environment
    }

    /// A port that is free now, below the ephemeral ones, so that no client is given it meanwhile.
    private static func freePort() throws -> Int {
        for _ in 0..<200 {
            let candidate = Int.random(in: 20_000..<32_000)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { break }
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(candidate).bigEndian
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if result == 0 { return candidate }
        }
        throw Failure("no port on 127.0.0.1 is free for the ingress", .failed)
    }
}
