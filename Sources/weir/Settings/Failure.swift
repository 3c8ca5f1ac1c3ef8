import AMQPClient
import ArgumentParser
import Foundation
import PostgresClient
import WeirLive
import WeirSandbox

/// Why a command ends: one sentence to standard error, and an exit code.
struct Failure: Error {
    /// The exit codes of the command line.
    enum Code: Int32 {
        case failed = 1
        case promiseBroken = 3
        case usage = 64
        case unavailable = 69
    }

    let message: String
    let code: Code

    init(_ message: String, _ code: Code) {
        self.message = message
        self.code = code
    }

    /// What an error of any part means for the person who typed the command.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as PostgresError:
            let isAway = error.kind == .away
            self.init(isAway ? Self.away(error) : "\(error)", isAway ? .unavailable : .failed)
        case let error as AMQPError:
            let isAway = error.kind == .away || error.kind == .refused
            // Nobody answers at that address; a refusal says itself what it is about.
            let advice =
                error.kind == .away && error.message.hasPrefix("cannot connect to")
                ? "; does RabbitMQ run there? Check AMQP_URL" : ""
            self.init("\(error)\(advice)", isAway ? .unavailable : .failed)
        case PruneError.order(let message): self.init(message, .usage)
        case let error as SandboxError: self.init("\(error)", .unavailable)
        default: self.init("\(error)", .failed)
        }
    }

    /// Whether PostgreSQL said no or said nothing. Of a connection that does not come about libpq has only sentences,
    /// and the server's own begin with their severity.
    private static func away(_ error: PostgresError) -> String {
        let isNew = error.sqlState == nil
        if isNew, error.message.contains("FATAL: ") {
            return "PostgreSQL refused the connection: \(error); check DATABASE_URL"
        }
        let isConnecting =
            error.message.hasPrefix("connection to server") || error.message.hasPrefix("could not translate")
        return "PostgreSQL cannot be reached: \(error)"
            + (isNew && isConnecting ? "; does it run there? Check DATABASE_URL" : "")
    }
}

/// A command whose errors become one sentence and an exit code.
protocol WeirCommand: AsyncParsableCommand {
    func execute() async throws
}

extension WeirCommand {
    func run() async throws {
        do {
            try await execute()
        } catch let code as ExitCode {
            throw code
        } catch let error as CleanExit {
            throw error
        } catch {
            let failure = Failure(error)
            say("weir: \(failure.message)")
            throw ExitCode(failure.code.rawValue)
        }
    }
}

/// Talk goes to standard error; standard output is for data.
func say(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
