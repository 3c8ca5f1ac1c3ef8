/// Reads CSV as RFC 4180 has it, record by record: quoted fields with commas, line ends and doubled quotes inside, CRLF
/// or LF behind a record. Memory holds one record and one chunk, however long the file is.
struct CSVReader {
    /// One record.
    struct Record: Sendable, Hashable {
        let fields: [String]
        /// The line of the file on which it begins, counted from 1.
        let line: Int
    }

    /// What is wrong with the file, and where.
    struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        let line: Int
        let reason: String
        var description: String { "line \(line): \(reason)" }
    }

    /// A field longer than this is a quote that was never closed.
    static let longestField = 65_536

    private let readChunk: () throws -> [UInt8]
    private var chunk: [UInt8] = []
    private var position = 0
    private var line = 1
    private var hasBegun = false

    /// A reader of what `readChunk` gives, until it gives nothing.
    init(readChunk: @escaping () throws -> [UInt8]) {
        self.readChunk = readChunk
    }

    /// The next record; nil at the end.
    mutating func next() throws -> Record? {
        if !hasBegun {
            hasBegun = true
            try skipByteOrderMark()
        }
        guard try peek() != nil else { return nil }
        let first = line
        var fields: [String] = []
        while true {
            fields.append(try field(number: fields.count + 1))
            switch try take() {
            case UInt8(ascii: ","): continue
            case nil: return Record(fields: fields, line: first)
            case UInt8(ascii: "\n"):
                line += 1
                return Record(fields: fields, line: first)
            default:
                // A carriage return; `field` lets nothing else through.
                guard try take() == UInt8(ascii: "\n") else {
                    throw Fault(line: line, reason: "a carriage return is not followed by a line feed")
                }
                line += 1
                return Record(fields: fields, line: first)
            }
        }
    }

    private mutating func field(number: Int) throws -> String {
        try peek() == UInt8(ascii: "\"") ? try quotedField(number) : try bareField(number)
    }

    private mutating func bareField(_ number: Int) throws -> String {
        var bytes: [UInt8] = []
        while let byte = try peek() {
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                return try text(bytes, number, line)
            case UInt8(ascii: "\""):
                throw Fault(
                    line: line, reason: "field \(number) has a quote inside but does not begin with one")
            default: try append(byte, to: &bytes, number, line)
            }
            position += 1
        }
        return try text(bytes, number, line)
    }

    private mutating func quotedField(_ number: Int) throws -> String {
        let first = line
        var bytes: [UInt8] = []
        position += 1
        while let byte = try take() {
            guard byte == UInt8(ascii: "\"") else {
                if byte == UInt8(ascii: "\n") { line += 1 }
                try append(byte, to: &bytes, number, first)
                continue
            }
            switch try peek() {
            case UInt8(ascii: "\""):
                position += 1
                try append(byte, to: &bytes, number, first)
            case nil, UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                return try text(bytes, number, first)
            default: throw Fault(line: line, reason: "field \(number) goes on behind its closing quote")
            }
        }
        throw Fault(line: first, reason: "field \(number) has no closing quote")
    }

    private func append(_ byte: UInt8, to bytes: inout [UInt8], _ number: Int, _ line: Int) throws {
        guard bytes.count < Self.longestField else {
            throw Fault(
                line: line, reason: "field \(number) is longer than \(Self.longestField) bytes")
        }
        bytes.append(byte)
    }

    private func text(_ bytes: [UInt8], _ number: Int, _ line: Int) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Fault(line: line, reason: "field \(number) is not valid UTF-8")
        }
        return text
    }

    /// Spreadsheets put one in front of UTF-8.
    private mutating func skipByteOrderMark() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        while chunk.count < mark.count {
            let more = try readChunk()
            if more.isEmpty { break }
            chunk += more
        }
        if chunk.starts(with: mark) { position = mark.count }
    }

    private mutating func peek() throws -> UInt8? {
        if position == chunk.count {
            chunk = try readChunk()
            position = 0
        }
        return position < chunk.count ? chunk[position] : nil
    }

    private mutating func take() throws -> UInt8? {
        let byte = try peek()
        if byte != nil { position += 1 }
        return byte
    }
}
