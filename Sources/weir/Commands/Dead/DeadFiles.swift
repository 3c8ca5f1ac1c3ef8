import ArgumentParser
import Foundation
import WeirCore
import WeirLive
import WeirWire

struct DeadExport: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes dead letters as NDJSON, one a line, the oldest first.")
    @OptionGroup var settings: CommandSettings
    @OptionGroup var filter: FilterOptions
    @OptionGroup var signature: SignatureOptions
    @Option(parsing: .unconditional, help: "At most so many letters.")
    var limit: Int?

    func validate() throws {
        guard limit.map({ $0 >= 1 }) ?? true else { throw ValidationError("--limit must be at least 1") }
    }

    func execute() async throws {
        let filter = try filter.filter()
        let (limit, signature) = (limit ?? .max, signature.signature)
        let written = try await withShelf(settings) { shelf in
            var written = 0
            try shelf.each(filter, limit: limit) { letter in
                let line = JSONWriter.object { letter.write(to: &$0) } + [UInt8(ascii: "\n")]
                try FileHandle.standardOutput.write(contentsOf: Data(line))
                written += 1
            }
            try shelf.note("exported \(written) letters", signature)
            return written
        }
        say("exported \(count(written, "letter"))")
    }
}

struct DeadImport: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Takes over dead letters that an export wrote.",
        discussion:
            "What is here already stays as it is. A line that is none spoils only itself; then it exits with 1."
    )
    @OptionGroup var settings: CommandSettings
    @OptionGroup var signature: SignatureOptions
    @Argument(help: "The file; - is standard input.")
    var file: String

    func execute() async throws {
        let input: FileHandle
        if file == "-" {
            input = .standardInput
        } else {
            guard let opened = FileHandle(forReadingAtPath: file) else {
                throw Failure("the file '\(file)' cannot be read", .usage)
            }
            input = opened
        }
        let signature = signature.signature
        let lines = LineReader(input)
        let (outcome, bad) = try await withShelf(settings) { shelf in
            var (outcome, bad, number) = (DeadLetterShelf.Import(), 0, 1)
            while let batch = try lines.next(500) {
                let part = try shelf.importLines(batch, from: number, signature, now: .now)
                outcome.imported += part.imported
                outcome.known += part.known
                for (line, detail) in part.bad {
                    if bad < 20 { say("line \(line): \(detail)") }
                    bad += 1
                }
                number += batch.count
            }
            return (outcome, bad)
        }
        if settings.json {
            printJSON {
                $0.member("imported", Int64(outcome.imported))
                $0.member("known", Int64(outcome.known))
                $0.member("bad", Int64(bad))
            }
        } else {
            print("imported \(count(outcome.imported, "letter")), \(outcome.known) were here already")
        }
        if bad > 0 { throw Failure("\(count(bad, "line")) could not be imported", .failed) }
    }
}

/// Lines of a file of any size, some at a time.
private final class LineReader: @unchecked Sendable {
    // Only the thread of the import reads.
    private let input: FileHandle
    private var rest: [UInt8] = []
    private var hasEnded = false

    init(_ input: FileHandle) { self.input = input }

    /// At most so many lines; nil at the end.
    func next(_ count: Int) throws -> [[UInt8]]? {
        var lines: [[UInt8]] = []
        while lines.count < count {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(Array(rest[..<end]))
                rest.removeFirst(end + 1)
            } else if hasEnded {
                if !rest.isEmpty { lines.append(rest) }
                rest = []
                break
            } else if let chunk = try input.read(upToCount: 1 << 20), !chunk.isEmpty {
                rest.append(contentsOf: chunk)
            } else {
                hasEnded = true
            }
        }
        return lines.isEmpty ? nil : lines
    }
}
