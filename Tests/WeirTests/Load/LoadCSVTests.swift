import Testing

@testable import weir

/// A reader of a text that comes in chunks of `size` bytes.
private func reader(_ text: String, chunk size: Int = 3) -> CSVReader {
    reader(bytes: Array(text.utf8), chunk: size)
}

private func reader(bytes: [UInt8], chunk size: Int = 3) -> CSVReader {
    var rest = bytes[...]
    return CSVReader {
        defer { rest = rest.dropFirst(size) }
        return Array(rest.prefix(size))
    }
}

private func fields(_ text: String, chunk size: Int = 3) throws -> [[String]] {
    var reader = reader(text, chunk: size)
    var records: [[String]] = []
    while let record = try reader.next() { records.append(record.fields) }
    return records
}

@Suite struct CSVReaderTests {
    @Test(arguments: [1, 2, 3, 7, 1000])
    func chunksDoNotMatter(size: Int) throws {
        let text = "a,b\r\n\"x, \"\"y\"\"\r\nz\",\r\n,\"\"\nlast,one"
        #expect(
            try fields(text, chunk: size) == [
                ["a", "b"], ["x, \"y\"\r\nz", ""], ["", ""], ["last", "one"],
            ])
    }

    @Test func lastLineEndIsOptional() throws {
        #expect(try fields("a\n") == [["a"]])
        #expect(try fields("a") == [["a"]])
        #expect(try fields("a,") == [["a", ""]])
        #expect(try fields("") == [])
    }

    @Test func byteOrderMarkIsSkipped() throws {
        var reader = reader(bytes: [0xEF, 0xBB, 0xBF] + Array("sku,n\n".utf8), chunk: 1)
        #expect(try reader.next()?.fields == ["sku", "n"])
    }

    @Test func recordKnowsTheLineOnWhichItBegins() throws {
        var reader = reader("h\n\"two\nlines\"\nx\n")
        #expect(try reader.next()?.line == 1)
        #expect(try reader.next()?.line == 2)
        #expect(try reader.next()?.line == 4)
    }

    @Test(arguments: [
        ("a\nb\"c", 2, "field 1 has a quote inside but does not begin with one"),
        ("a,\"b\"c", 1, "field 2 goes on behind its closing quote"),
        ("a\nx,\"b\n\n", 2, "field 2 has no closing quote"),
        ("a\rb", 1, "a carriage return is not followed by a line feed"),
    ])
    func badLineIsNamed(text: String, line: Int, reason: String) {
        #expect(throws: CSVReader.Fault(line: line, reason: reason)) { try fields(text) }
    }

    @Test func invalidUTF8IsNamed() {
        var reader = reader(bytes: [0x61, 0x2C, 0xFF, 0x0A])
        #expect(throws: CSVReader.Fault(line: 1, reason: "field 2 is not valid UTF-8")) {
            try reader.next()
        }
    }

    @Test func endlessFieldIsRefusedBeforeItFillsTheMemory() {
        var reader = CSVReader { Array(repeating: UInt8(ascii: "x"), count: 4096) }
        #expect(throws: CSVReader.Fault(line: 1, reason: "field 1 is longer than 65536 bytes")) {
            try reader.next()
        }
    }
}

@Suite struct ShopFileTests {
    private func lines(_ text: String) throws -> [ShopLine] {
        var file = try ShopFile(reader: reader(text, chunk: 50))
        var lines: [ShopLine] = []
        while let line = try file.next() { lines.append(line) }
        return lines
    }

    @Test func linesAreNumberedWithoutTheHeading() throws {
        let all = try lines(
            "invoice,sku,quantity,at,customer,unit_price,country\n"
                + "536370,22728,24,2010-12-01T08:45:00,12583,3.75,France\n"
                + "C536391,22556,-12,2010-12-01T10:24:00,17548,1.65,\"Jersey, C.I.\"\n")
        #expect(all.map(\.token) == ["536370-1", "C536391-2"])
        #expect(all.map(\.isReturn) == [false, true])
        #expect(
            all[0] == ShopLine(number: 1, invoice: "536370", sku: "22728", quantity: 24, customer: "12583"))
        #expect(all[1].adjustmentKey == "return-C536391-2")
    }

    @Test func columnsAreFoundByName() throws {
        #expect(try lines("customer,quantity,sku,invoice\nann,2,tea,7\n").map(\.token) == ["7-1"])
    }

    @Test(arguments: [
        ("", 1, "the file is empty"), ("sku,quantity,customer\n", 1, "no column 'invoice'"),
        ("invoice,sku,sku,quantity,customer\n", 1, "the column 'sku' 2 times"),
        ("invoice,sku,quantity,customer\n1,a,2\n", 2, "3 fields, but the heading has 4"),
        ("invoice,sku,quantity,customer\n1,a,2,c\n2,a,x,c\n", 3, "field 'quantity' is 'x'"),
        ("invoice,sku,quantity,customer\n1,a,0,c\n", 2, "field 'quantity' is '0'"),
        ("invoice,sku,quantity,customer\n1,a,-2147483648,c\n", 2, "field 'quantity'"),
        ("invoice,sku,quantity,customer\n1,a b,1,c\n", 2, "field 'sku' is 'a b'"),
        ("invoice,sku,quantity,customer\n,a,1,c\n", 2, "field 'invoice' is ''"),
        ("invoice,sku,quantity,customer\n1,a,1,\n", 2, "field 'customer' is ''"),
    ])
    func badLineIsNamedWithItsField(text: String, line: Int, reason: String) throws {
        let fault = #expect(throws: CSVReader.Fault.self) { _ = try lines(text) }
        #expect(fault?.line == line)
        #expect(fault?.reason.contains(reason) == true, "\(fault?.reason ?? "")")
    }
}
