import Foundation
import WeirWire

/// A file of definitions, each line looked at as the server will look at it.
struct SKUImportFile {
    struct Line: Sendable {
        let number: Int
        let sku: String
        let fields: PolicyFields

        /// Sends it.
        func send(_ client: WeirClient) async throws -> Sent {
            do throws(WeirClientError) {
                let stocked = try await client.putSKU(sku, fields).stock.stocked
                let wanted = fields.members.first { $0.name == "stocked" }?.value
                return wanted == nil || wanted == .integer(stocked) ? .done : .keptStock(sku)
            } catch {
                // What the server has against this line says nothing about the others.
                guard error.problem != nil, !error.isPassing else { throw error }
                return .refused("line \(number), SKU \(sku): \(error)")
            }
        }
    }

    /// What became of a line that was sent.
    enum Sent: Sendable {
        case done
        /// The policy is as the file says; the SKU was known, with another stock.
        case keptStock(String)
        /// What the server has against it.
        case refused(String)
    }

    let lines: [Line]
    static let columns = (PolicyFields.numbers + PolicyFields.texts).joined(separator: ", ")
    /// How many wrong lines are named.
    private static let namedAtMost = 20

    init(_ path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Failure("the file '\(path)' cannot be read", .usage)
        }
        var reader = CSVReader { Array(try handle.read(upToCount: 65_536) ?? Data()) }
        guard let heading = try reader.next(), heading.fields.contains("sku") else {
            throw Failure("\(path): the heading has no column 'sku'", .usage)
        }
        let known = ["sku"] + PolicyFields.numbers + PolicyFields.texts
        let others = heading.fields.filter { !known.contains($0) }
        guard others.isEmpty else {
            throw Failure(
                others.map { "\(path): the column '\(printable($0))' is unknown" }.joined(separator: "\n")
                    + "; known are sku, \(Self.columns)", .usage)
        }
        let twice = heading.fields.first { column in heading.fields.count { $0 == column } > 1 }
        if let twice { throw Failure("\(path): the heading has the column '\(twice)' twice", .usage) }
        var (lines, places, faults) = ([Line](), [String: Int](), Faults())
        do {
            while let record = try reader.next() {
                guard record.fields.count == heading.fields.count else {
                    faults.note(
                        record.line,
                        "\(record.fields.count) fields, but the heading has \(heading.fields.count)")
                    continue
                }
                let (line, wrong) = Self.line(record.line, zip(heading.fields, record.fields))
                if let wrong { faults.note(record.line, wrong) }
                if let before = places[line.sku] {
                    faults.note(
                        record.line, "the SKU \(printable(line.sku)) stands in line \(before) already")
                } else {
                    places[line.sku] = line.number
                }
                lines.append(line)
            }
        } catch let fault as CSVReader.Fault {
            // Where a record ends nobody can tell any more.
            faults.note(fault.line, fault.reason + "; what follows could not be read")
        }
        try faults.check(path)
        self.lines = lines
    }

    /// A line, and what is wrong with it.
    private static func line(
        _ number: Int, _ columns: some Sequence<(String, String)>
    ) -> (line: Line, wrong: String?) {
        var (sku, fields, wrong) = ("", PolicyFields(), [String]())
        for (column, text) in columns {
            if column == "sku" {
                sku = text
            } else if PolicyFields.texts.contains(column) {
                fields.set(column, text)
            } else if !text.isEmpty {
                let value = Int64(text)
                if value == nil {
                    wrong.append("\(column) is '\(printable(text))'; it must be a whole number")
                }
                fields.set(column, value)
            }
        }
        do throws(WireRefusal) {
            try fields.check(sku)
        } catch {
            wrong.append(error.detail)
        }
        let line = Line(number: number, sku: sku, fields: fields)
        return (line, wrong.isEmpty ? nil : wrong.joined(separator: "; "))
    }

    /// The wrong lines of a file, the first ones with what is wrong.
    private struct Faults {
        private var named: [String] = []
        private var lines: Set<Int> = []

        mutating func note(_ line: Int, _ problem: String) {
            if lines.insert(line).inserted {
                if named.count < namedAtMost { named.append("line \(line): \(problem)") }
            } else if lines.count == named.count {
                named[named.count - 1] += "; \(problem)"
            }
        }

        /// Throws when a line is wrong.
        func check(_ path: String) throws {
            guard !named.isEmpty else { return }
            if lines.count == 1 { throw Failure("\(path), \(named[0])", .usage) }
            let more = lines.count > named.count ? ["and \(lines.count - named.count) more"] : []
            throw Failure(
                "\(path) has \(lines.count) wrong lines, and nothing was sent:\n  "
                    + (named + more).joined(separator: "\n  "), .usage)
        }
    }
}
