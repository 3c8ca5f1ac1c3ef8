import Testing
import WeirCore
import WeirWire

/// What a client may send about an order, and what is said to everything else.
@Suite struct OrderReadingTests {
    @Test func linesOfOneSKUAreMergedIntoTheFirst() throws {
        let order = try read(
            #"{"token":"o","buyer":"b","lines":[{"sku":"a","quantity":1},{"sku":"b","quantity":2},{"sku":"a","quantity":4}]}"#
        )
        #expect(order.lines.map(\.sku.text) == ["a", "b"])
        #expect(order.lines.map(\.quantity.units) == [5, 2])
        let plain = try read(
            #"{"token":"o","buyer":"b","lines":[{"sku":"a","quantity":5},{"sku":"b","quantity":2}]}"#)
        #expect(plain == order, "merged is the same order as written together")
    }

    @Test func fiveHundredLinesAreReadAndNoMore() throws {
        func body(_ count: Int) -> String {
            let lines = (0..<count).map {
                #"{"sku":"\#(String(repeating: "s", count: 58))-\#($0)","quantity":1}"#
            }
            return #"{"token":"o","buyer":"b","lines":[\#(lines.joined(separator: ","))]}"#
        }
        #expect(body(500).utf8.count <= Command.largestBody)
        #expect(try read(body(500)).lines.count == 500)
        #expect(refusal(body(501))?.detail == "the field 'lines' has 501 lines; send 1 to 500")
        #expect(refusal(body(0))?.detail == "the field 'lines' has 0 lines; send 1 to 500")
    }

    @Test(arguments: [
        (#"{"token":"o","lines":[{"sku":"a","quantity":1}]}"#, "buyer", "is missing"),
        (#"{"buyer":"b","lines":[{"sku":"a","quantity":1}]}"#, "token", "is missing"),
        (#"{"token":"o","buyer":"b"}"#, "lines", "is missing"),
        (#"{"token":"o","buyer":"b","lines":{}}"#, "lines", "must be an array of objects"),
        (#"{"token":"o","buyer":"b","lines":["a"]}"#, "lines", "element 1 is a string"),
        (
            #"{"token":"o","buyer":"b","lines":[{"sku":"a"}]}"#, "lines",
            "line 1: the field 'quantity' is missing"
        ),
        (
            #"{"token":"o","buyer":"b","lines":[{"sku":"a","quantity":1},{"sku":"b","quantity":0}]}"#,
            "lines",
            "line 2: the field 'quantity' is 0"
        ),
        (
            #"{"token":"o","buyer":"b","lines":[{"sku":"a","quantity":1,"on_shortage":"backorder"}]}"#,
            "lines",
            "line 1: the field 'on_shortage' is unknown"
        ),
        (
            #"{"token":"o","buyer":"b","lines":[{"sku":"a","quantity":2147483647},{"sku":"a","quantity":1}]}"#,
            "lines", "make more than 2147483647 units together"
        ),
        (#"{"token":"o","buyer":"b","lines":[{"sku":"a","quantity":1}],"hold":1}"#, "hold", "is unknown"),
    ])
    func aRefusalNamesTheFieldTheLineAndTheRemedy(_ body: String, _ field: String, _ detail: String) {
        let refusal = refusal(body)
        #expect(refusal?.field == field)
        #expect(refusal?.detail.contains(detail) ?? false, "\(refusal?.detail ?? "none")")
    }

    @Test func everyWrongFieldOfEveryLineIsNamedAtOnce() throws {
        let lines = #"[{"sku":"a b","quantity":0},{"sku":"b","quantity":1},{"sku":"c","a/b":1}]"#
        let some = try #require(refusal(#"{"token":"o","lines":\#(lines)}"#))
        #expect(
            some.flaws.map(\.pointer) == [
                "/buyer", "/lines/0/sku", "/lines/0/quantity", "/lines/2/quantity", "/lines/2/a~1b",
            ])
        #expect(some.flaws[2].detail.hasPrefix("line 1: the field 'quantity' is 0"))
        #expect(some.detail.hasSuffix("; and 1 more"), "\(some.detail)")
        let wrong = Array(repeating: #"{"quantity":0}"#, count: 500).joined(separator: ",")
        let many = try #require(refusal(#"{"token":"o","buyer":"b","lines":[\#(wrong)]}"#))
        #expect(many.flaws.count == WireRefusal.mostFlaws)
    }

    @Test(arguments: ["[]", "[0]", "[501]", "[1.5]", #"["1"]"#, "1", "{}"])
    func linesToCancelAreNumbersOfLines(_ lines: String) {
        #expect(throws: WireRefusal.self) {
            try Command.read(
                type: "weir.order.cancel.v1", messageID: "c", contentType: nil,
                body: Array(#"{"token":"o","lines":\#(lines)}"#.utf8))
        }
    }

    @Test func anExtensionNeedsAMoment() {
        for body in [#"{"token":"o"}"#, #"{"token":"o","hold_until":"tomorrow"}"#] {
            #expect(throws: WireRefusal.self) {
                try Command.read(
                    type: "weir.order.extend.v1", messageID: "c", contentType: nil, body: Array(body.utf8))
            }
        }
    }

    private func read(_ body: String) throws -> OrderSubmit {
        let command = try Command.read(
            type: "weir.order.submit.v1", messageID: nil, contentType: nil, body: Array(body.utf8))
        guard case .order(.submit(let submit)) = command else { throw WireRefusal(.unknownType, at: nil, "") }
        return submit
    }

    private func refusal(_ body: String) -> WireRefusal? {
        do {
            _ = try read(body)
            return nil
        } catch {
            return error as? WireRefusal
        }
    }
}
