import Foundation
import PostgresClient
import WeirSandbox

/// One run of the binary that was built beside the tests, to its end.
struct Run {
    let code: Int32
    let output: String
    let errors: String

    /// The binary that was built beside the tests.
    static var binary: URL {
        URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "weir")
    }

    init(_ arguments: [String], _ environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = Self.binary
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { _, given in given }
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // What a command says fits into a pipe, so one can be read after the other.
        self.output = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        self.errors = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        code = process.terminationStatus
    }
}

extension Room {
    /// Changes the database by hand.
    func execute(_ script: String) throws {
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "test"))
        defer { session.close() }
        try session.execute(script: script)
    }

    /// One number out of the database.
    func holds(_ sql: String) throws -> Int {
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "test"))
        defer { session.close() }
        return try session.run(Query(Statement(name: "count", sql: sql))).int(0, 0)
    }
}
