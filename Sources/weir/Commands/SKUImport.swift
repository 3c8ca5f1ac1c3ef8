import ArgumentParser
import Foundation

extension SKUCommand {
    struct Import: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Defines the SKUs of a CSV file, with progress.",
            discussion: """
                The heading names the columns: sku, and any of stocked, hold_seconds, max_per_intent; an empty field \
                takes the default. A line that the server refuses is reported, and the others go on.
                """)
        @OptionGroup var server: ServerOptions
        @Argument(help: "The file.", completion: .file(extensions: ["csv"])) var file: String

        func execute() async throws {
            let lines = try Self.read(file)
            var refused = 0
            try await server.withClient { client in
                for (position, line) in lines.enumerated() {
                    do {
                        _ = try await client.putSKU(
                            line.sku, stocked: line.stocked, holdSeconds: line.holdSeconds,
                            maxPerIntent: line.maxPerIntent)
                    } catch let error as WeirClientError where error.problem != nil && !error.isPassing {
                        refused += 1
                        say("line \(line.number), SKU \(line.sku): \(error)")
                    }
                    if (position + 1) % 500 == 0 { say("\(position + 1) of \(lines.count)") }
                }
            }
            if server.json {
                printJSON {
                    $0.member("defined", Int64(lines.count - refused))
                    $0.member("refused", Int64(refused))
                }
            } else {
                print("\(lines.count - refused) SKUs defined, \(refused) refused")
            }
            guard refused == 0 else { throw ExitCode(Failure.Code.failed.rawValue) }
        }

        private struct Line {
            let number: Int
            let sku: String
            let stocked, holdSeconds, maxPerIntent: Int64?
        }

        /// Reads the whole file before anything is sent: a file with a mistake changes nothing.
        private static func read(_ path: String) throws -> [Line] {
            guard let handle = FileHandle(forReadingAtPath: path) else {
                throw Failure("the file '\(path)' cannot be read", .usage)
            }
            var reader = CSVReader { Array(try handle.read(upToCount: 65_536) ?? Data()) }
            guard let heading = try reader.next(), heading.fields.contains("sku") else {
                throw Failure("\(path): the heading has no column 'sku'", .usage)
            }
            let known = ["sku", "stocked", "hold_seconds", "max_per_intent"]
            if let other = heading.fields.first(where: { !known.contains($0) }) {
                throw Failure(
                    "\(path): the column '\(other)' is unknown; known are \(known.joined(separator: ", "))",
                    .usage)
            }
            var lines: [Line] = []
            while let record = try reader.next() {
                let fields = Dictionary(zip(heading.fields, record.fields)) { first, _ in first }
                guard record.fields.count == heading.fields.count else {
                    throw Failure(
                        "\(path), line \(record.line): \(record.fields.count) fields, but the heading has"
                            + " \(heading.fields.count)", .usage)
                }
                func number(_ column: String) throws -> Int64? {
                    guard let text = fields[column], !text.isEmpty else { return nil }
                    guard let number = Int64(text) else {
                        throw Failure(
                            "\(path), line \(record.line): \(column) is '\(text)'; it must be a whole number",
                            .usage)
                    }
                    return number
                }
                lines.append(
                    Line(
                        number: record.line, sku: fields["sku"] ?? "", stocked: try number("stocked"),
                        holdSeconds: try number("hold_seconds"), maxPerIntent: try number("max_per_intent")))
            }
            return lines
        }
    }
}
