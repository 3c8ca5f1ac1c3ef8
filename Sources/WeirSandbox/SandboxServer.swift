import Foundation
import Synchronization

/// One server of a sandbox, and the accidents that can happen to it.
public final class SandboxServer: Sendable {
    /// As people write it: "PostgreSQL", "RabbitMQ" or "Redis".
    public var name: String { recipe.name }
    /// The port on 127.0.0.1, the same for the sandbox's whole life.
    public let port: Int
    /// The file with everything that the server has written.
    public var logFile: String { recipe.logFile }

    private let recipe: any ServerRecipe
    private let reservation: PortReservation
    private let child = Mutex<ChildProcess?>(nil)

    init(_ recipe: any ServerRecipe, reservation: PortReservation) {
        self.recipe = recipe
        self.reservation = reservation
        port = reservation.port
    }

    /// The id of the server's first process; 0 if it was never started. A restart gives a new one.
    public var pid: Int32 { current?.pid ?? 0 }

    /// Whether that process lives. A frozen server lives too.
    public var isRunning: Bool { current?.isRunning ?? false }

    /// SIGKILL to the whole server, as if its machine had lost power, and waits until all of it is gone.
    public func kill() async {
        guard let child = current, child.isRunning else { return }
        // Stopped first, the root cannot start another process between the look at the tree and the kill.
        child.signal(SIGSTOP)
        let tree = ProcessTree(root: child.pid).processes
        child.signal(SIGKILL)
        tree.dropFirst().forEach { $0.signal(SIGKILL) }
        _ = await Waiting.until(within: .seconds(30)) { !child.isRunning && !tree.contains { $0.isAlive } }
    }

    /// SIGSTOP to the whole server (PostgreSQL: all sessions too), and waits until all of it stands still:
    /// from the outside, a machine that hangs. Its connections stay open, nobody answers.
    public func freeze() async {
        guard let child = current, child.isRunning else { return }
        child.signal(SIGSTOP)
        let tree = ProcessTree(root: child.pid).processes
        tree.forEach { $0.signal(SIGSTOP) }
        _ = await Waiting.until(within: .seconds(10)) { tree.allSatisfy { $0.isStopped || !$0.isAlive } }
    }

    /// Lets a frozen server go on.
    public func thaw() {
        guard let child = current, child.isRunning else { return }
        ProcessTree(root: child.pid).processes.reversed().forEach { $0.signal(SIGCONT) }
    }

    /// Starts the server again on the same data and port, after shutting it down in order if it runs.
    public func restart() async throws {
        await shutDown()
        try await start()
        try await recipe.finishRestart()
    }

    /// Shuts the server down in order, as an operator would, and leaves it down until `restart()`.
    public func shutDown() async {
        guard let child = current, child.isRunning else { return }
        thaw()
        child.signal(recipe.shutdownSignal)
        if await !child.hasEnded(within: .seconds(30)) { await kill() }
    }

    /// The last lines of what the server has written.
    public func logTail(_ lines: Int = 40) -> String {
        guard let data = FileManager.default.contents(atPath: logFile) else { return "" }
        return String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .suffix(lines).joined(separator: "\n")
    }

    /// Starts the server and waits until it answers.
    func start() async throws {
        try await recipe.prepareStart()
        let started = try recipe.start().start()
        child.withLock { $0 = started }
        let recipe = recipe
        let ready = try await Waiting.until(within: .seconds(120), every: .milliseconds(25)) {
            guard started.isRunning else {
                throw SandboxError("\(name) ended while it was starting:\n\(logTail())")
            }
            return try await Waiting.offAsyncThreads { recipe.isReady() }
        }
        guard ready else {
            throw SandboxError(
                "\(name) was not ready after two minutes; is the machine overloaded?\n\(logTail())")
        }
    }

    private var current: ChildProcess? { child.withLock { $0 } }
}
