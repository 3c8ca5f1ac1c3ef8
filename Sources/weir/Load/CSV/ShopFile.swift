import Foundation
import WeirCore
import WeirWire

/// One line of a shop's file: a wish to buy, or units that come back.
struct ShopLine: Sendable, Hashable {
    /// Counted from 1, without the heading.
    let number: Int
    let invoice: String
    let sku: String
    /// Below zero on a cancellation, never zero.
    let quantity: Int64
    let customer: String

    /// The name of the line: an intent's token. An invoice may name the same SKU twice, hence the number.
    var token: String { "\(invoice)-\(number)" }
    /// The name of the adjustment that gives the units of a cancellation back.
    var adjustmentKey: String { "return-\(token)" }
    var isReturn: Bool { quantity < 0 }
}

/// The lines of a shop's file, one after another. The heading names the columns: `invoice`, `sku`, `quantity` and
/// `customer` must be there, others are read over.
struct ShopFile {
    private var reader: CSVReader
    private let columns: [String]
    private let places: [Column: Int]
    private var number = 0

    /// The columns that matter.
    private enum Column: String, CaseIterable {
        case invoice, sku, quantity, customer
    }

    /// The file at a path.
    init(path: String) throws {
        let handle: FileHandle
        do {
            handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        } catch {
            throw CSVReader.Fault(line: 0, reason: "the file '\(path)' cannot be read")
        }
        try self.init(
            reader: CSVReader {
                guard let data = try handle.read(upToCount: 65_536) else { return [] }
                return Array(data)
            })
    }

    /// The file that a reader reads.
    init(reader: CSVReader) throws {
        self.reader = reader
        guard let heading = try self.reader.next() else {
            throw CSVReader.Fault(line: 1, reason: "the file is empty; its first line names the columns")
        }
        let columns = heading.fields
        var places: [Column: Int] = [:]
        for column in Column.allCases {
            let found = columns.indices.filter { columns[$0] == column.rawValue }
            guard found.count == 1 else {
                throw CSVReader.Fault(
                    line: heading.line,
                    reason: found.isEmpty
                        ? "the heading has no column '\(column.rawValue)'; needed are "
                            + Column.allCases.map(\.rawValue).joined(separator: ", ")
                        : "the heading has the column '\(column.rawValue)' \(found.count) times")
            }
            places[column] = found[0]
        }
        (self.columns, self.places) = (columns, places)
    }

    /// The next line; nil at the end.
    mutating func next() throws -> ShopLine? {
        guard let record = try reader.next() else { return nil }
        number += 1
        guard record.fields.count == columns.count else {
            throw CSVReader.Fault(
                line: record.line,
                reason: "\(record.fields.count) fields, but the heading has \(columns.count)")
        }
        func text(_ column: Column) -> String { record.fields[places[column]!] }
        func fault(_ column: Column, _ problem: String) -> CSVReader.Fault {
            CSVReader.Fault(
                line: record.line,
                reason: "field '\(column.rawValue)' is '\(printable(text(column)))', \(problem)")
        }
        guard let quantity = Int32(text(.quantity)).map(Int64.init), quantity != 0, quantity != Int32.min
        else {
            throw fault(
                .quantity, "but must be a whole number other than 0, at most \(Quantity.range.upperBound)")
        }
        let line = ShopLine(
            number: number, invoice: text(.invoice), sku: text(.sku), quantity: quantity,
            customer: text(.customer))
        guard SKU(line.sku) != nil else { throw fault(.sku, "but must have \(SKU.form)") }
        guard CommandID(line.adjustmentKey) != nil, Token(line.token) != nil else {
            throw fault(.invoice, "but it must be fit for a token: \(Token.form)")
        }
        guard Buyer(line.customer) != nil else { throw fault(.customer, "but must have \(Buyer.form)") }
        return line
    }
}
