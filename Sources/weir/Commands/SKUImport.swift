import ArgumentParser
import Foundation
import WeirWire

extension SKUCommand {
    struct Import: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Defines the SKUs of a CSV file, with progress.",
            discussion: """
                The heading names the columns: sku, and any field of a definition (\(SKUImportFile.columns)); an \
                empty field takes the default. The whole file is read before anything is sent: one with a mistake \
                changes nothing. A line that the server refuses is reported, and the others go on.
                """)
        @OptionGroup var server: ServerOptions
        @Argument(help: "The file.", completion: .file(extensions: ["csv"])) var file: String
        @Option(help: "How many are sent at once, 1 to 64.") var parallel = 8

        func validate() throws {
            guard (1...64).contains(parallel) else {
                throw ValidationError("--parallel must be from 1 to 64")
            }
        }

        func execute() async throws {
            let lines = try SKUImportFile(file).lines
            let progress = ProgressLine(silent: server.json)
            defer { progress.finish() }
            var (done, refused) = (0, 0)
            try await server.withClient(connections: parallel) { client in
                try await withThrowingTaskGroup(of: String?.self) { group in
                    var rest = lines[...]
                    for line in rest.prefix(parallel) { group.addTask { try await line.send(client) } }
                    rest = rest.dropFirst(parallel)
                    while let problem = try await group.next() {
                        done += 1
                        if let problem {
                            refused += 1
                            progress.clear()
                            say(problem)
                        }
                        progress.show("\(done) of \(count(lines.count, "SKU"))")
                        if let next = rest.popFirst() { group.addTask { try await next.send(client) } }
                    }
                }
            }
            progress.finish("\(done) of \(count(lines.count, "SKU"))")
            if server.json {
                printJSON {
                    $0.member("defined", Int64(lines.count - refused))
                    $0.member("refused", Int64(refused))
                }
            } else {
                print("\(count(lines.count - refused, "SKU")) defined, \(refused) refused")
            }
            guard refused == 0 else { throw ExitCode(Failure.Code.failed.rawValue) }
        }
    }
}

/// A file of definitions, each line looked at as the server will look at it.
struct SKUImportFile {
    struct Line: Sendable {
        let number: Int
        let sku: String
        let fields: PolicyFields

        /// Sends it; returns what the server has against it, or nil.
        func send(_ client: WeirClient) async throws -> String? {
            do throws(WeirClientError) {
                _ = try await client.putSKU(sku, fields)
                return nil
            } catch {
                // What the server has against this line says nothing about the others.
                guard error.problem != nil, !error.isPassing else { throw error }
                return "line \(number), SKU \(sku): \(error)"
            }
        }
    }

    let lines: [Line]
    static let columns = (PolicyFields.numbers + PolicyFields.texts).joined(separator: ", ")

    init(_ path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Failure("the file '\(path)' cannot be read", .usage)
        }
        var reader = CSVReader { Array(try handle.read(upToCount: 65_536) ?? Data()) }
        guard let heading = try reader.next(), heading.fields.contains("sku") else {
            throw Failure("\(path): the heading has no column 'sku'", .usage)
        }
        let known = ["sku"] + PolicyFields.numbers + PolicyFields.texts
        if let other = heading.fields.first(where: { !known.contains($0) }) {
            throw Failure("\(path): the column '\(other)' is unknown; known are sku, \(Self.columns)", .usage)
        }
        var (lines, places) = ([Line](), [String: Int]())
        while let record = try reader.next() {
            let place = "\(path), line \(record.line)"
            guard record.fields.count == heading.fields.count else {
                throw Failure(
                    "\(place): \(record.fields.count) fields, but the heading has \(heading.fields.count)",
                    .usage)
            }
            let line = try Self.line(record.line, zip(heading.fields, record.fields), place)
            if let before = places.updateValue(line.number, forKey: line.sku) {
                throw Failure("\(place): the SKU \(line.sku) stands in line \(before) already", .usage)
            }
            lines.append(line)
        }
        self.lines = lines
    }

    private static func line(
        _ number: Int, _ columns: some Sequence<(String, String)>, _ place: String
    ) throws -> Line {
        var (sku, fields) = ("", PolicyFields())
        for (column, text) in columns {
            if column == "sku" {
                sku = text
            } else if PolicyFields.texts.contains(column) {
                fields.set(column, text)
            } else if !text.isEmpty {
                guard let value = Int64(text) else {
                    throw Failure("\(place): \(column) is '\(text)'; it must be a whole number", .usage)
                }
                fields.set(column, value)
            }
        }
        do throws(WireRefusal) {
            try fields.check(sku)
        } catch {
            throw Failure("\(place): \(error.detail)", .usage)
        }
        return Line(number: number, sku: sku, fields: fields)
    }
}
