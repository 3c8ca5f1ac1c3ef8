import Foundation
import Synchronization

/// Where the Erlang nodes of one sandbox find each other.
///
/// Left to itself a broker would start one as a daemon, which stays behind and listens on every address.
final class Epmd: Sendable {
    private let reservation: PortReservation
    private let program: String
    private let running = Mutex<ChildProcess?>(nil)

    init() throws {
        reservation = try PortReservation()
        program = try Programs.erlang.find("epmd", of: "Erlang", package: "erlang-base")
    }

    var port: Int { reservation.port }

    /// Whether it was started and lives.
    var isRunning: Bool { running.withLock { $0?.isRunning ?? false } }

    /// Starts it, unless it runs, and waits until it answers.
    func start(in folder: String, environment: [String: String]) async throws {
        if isRunning { return }
        let started = try Account(preferring: "rabbitmq").applied(
            to: Spawn(
                program, ["-port", "\(port)", "-address", "127.0.0.1"], environment: environment,
                folder: folder, output: "\(folder)/epmd.log")
        ).start()
        running.withLock { $0 = started }
        let answers = try await Waiting.until(within: .seconds(10)) {
            try await Waiting.offAsyncThreads { [port] in
                // NAMES_REQ; the answer begins with epmd's own port.
                guard let socket = LocalSocket(port: port, seconds: 2) else { return false }
                return socket.send([0, 1, 110]) && socket.receive(4) != nil
            }
        }
        guard answers else { throw SandboxError("epmd does not answer on port \(port)") }
    }
}
