import AMQPClient
import Foundation
import Synchronization

/// A virtual host of its own on a broker that all tests of the process share.
struct TestRoom {
    let url: String
    let vhost: String
}

/// Where the tests get their broker from. To take it from `WeirSandbox` instead, change these two functions.
func testRoom() async throws -> TestRoom { try await TestBroker.shared().room() }

/// Runs `rabbitmqctl` on that broker.
func rabbitmqctl(_ arguments: [String]) async throws { _ = try await TestBroker.shared().ctl(arguments) }

/// The URL of a fresh virtual host.
func testBrokerURL() async throws -> String { try await testRoom().url }

/// A private RabbitMQ on loopback for one test run; it dies with the process.
final class TestBroker: Sendable {
    private static let start = Task { try await TestBroker() }
    private static let folder = "/tmp/amqpclient-tests-\(getpid())"
    private static let children = Mutex<[pid_t]>([])
    private static let keeper = Mutex<DedicatedThread?>(nil)

    private let port: Int
    private let environment: [String: String]
    private let rooms = Atomic<Int>(0)

    static func shared() async throws -> TestBroker { try await start.value }

    private init() async throws {
        try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
        port = Self.freePort()
        let (epmdPort, distributionPort) = (Self.freePort(), Self.freePort())
        try "vm_memory_high_watermark.absolute = 2GB\ndisk_free_limit.absolute = 50MB\n"
            .write(toFile: "\(Self.folder)/rabbitmq.conf", atomically: true, encoding: .utf8)
        try "[].\n".write(toFile: "\(Self.folder)/plugins", atomically: true, encoding: .utf8)
        environment = [
            "PATH": "/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": Self.folder,
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": "\(epmdPort)", "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": "amqptest\(getpid())@localhost", "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": "\(port)", "RABBITMQ_DIST_PORT": "\(distributionPort)",
            "RABBITMQ_CONFIG_FILE": "\(Self.folder)/rabbitmq.conf", "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "\(Self.folder)/plugins",
            "RABBITMQ_MNESIA_BASE": "\(Self.folder)/mnesia", "RABBITMQ_LOG_BASE": "\(Self.folder)/log",
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
        ]
        // The children's death signal follows the thread that spawned them: this one lasts.
        let environment = environment
        let spawned = Mailbox<Bool>()
        let thread = DedicatedThread(name: "test-broker") {
            Self.spawn(["epmd", "-port", "\(epmdPort)", "-address", "127.0.0.1"], environment)
            Self.spawn(["/usr/lib/rabbitmq/bin/rabbitmq-server"], environment)
            _ = spawned.put(true)
            while true { pause() }
        }
        Self.keeper.withLock { $0 = thread }
        atexit { TestBroker.end() }
        let settings = AMQPSettings(url: "amqp://guest:guest@127.0.0.1:\(port)/")
        try await eventually("the broker starts", within: .seconds(60)) {
            (try? await onThread { try Connection(settings).close() }) != nil
        }
    }

    func room() async throws -> TestRoom {
        let vhost = "room \(rooms.wrappingAdd(1, ordering: .relaxed).newValue)"
        try await ctl([
            "eval",
            "rabbit_vhost:add(<<\"\(vhost)\">>, <<\"guest\">>), "
                + "rabbit_auth_backend_internal:set_permissions(<<\"guest\">>, <<\"\(vhost)\">>, "
                + "<<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"guest\">>).",
        ])
        let encoded = vhost.replacingOccurrences(of: " ", with: "%20")
        return TestRoom(url: "amqp://guest:guest@127.0.0.1:\(port)/\(encoded)", vhost: vhost)
    }

    @discardableResult
    func ctl(_ arguments: [String]) async throws -> String {
        let environment = environment
        return try await onThread {
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(fileURLWithPath: "/usr/lib/rabbitmq/bin/rabbitmqctl")
            process.arguments = arguments
            process.environment = environment
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw TestFailure("rabbitmqctl \(arguments): \(text)")
            }
            return text
        }
    }

    private static func spawn(_ command: [String], _ environment: [String: String]) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
        process.arguments = ["--pdeathsig=KILL"] + command
        process.environment = environment
        let log = FileManager.default.createFile(
            atPath: "\(folder)/\(children.withLock { $0.count }).log", contents: nil)
        precondition(log)
        let file = FileHandle(forWritingAtPath: "\(folder)/\(children.withLock { $0.count }).log")
        process.standardOutput = file
        process.standardError = file
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { preconditionFailure("cannot start \(command): \(error)") }
        children.withLock { $0.append(process.processIdentifier) }
    }

    private static func end() {
        for child in children.withLock({ $0 }).reversed() { kill(child, SIGKILL) }
        if ProcessInfo.processInfo.environment["KEEP_BROKER_LOG"] == nil {
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Below the ephemeral range, so that a probing client cannot connect to itself.
    private static func freePort() -> Int {
        while true {
            let port = Int.random(in: 20000...32000)
            let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(fd) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let free = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if free { return port }
        }
    }
}
