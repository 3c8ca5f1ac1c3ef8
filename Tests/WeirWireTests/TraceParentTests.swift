import Testing
import WeirWire

/// W3C Trace Context: what is well-formed is handed on, everything else counts as absent.
@Suite struct TraceParentTests {
    private static let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func aWellFormedOneIsKeptAndNamesItsTrace() throws {
        let trace = try #require(TraceParent(Self.good))
        #expect(trace.text == Self.good)
        #expect(trace.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
    }

    @Test(arguments: [
        good.replacing("00-4", with: "01-4"), "cc" + good.dropFirst(2) + "-what-the-future-brings",
    ])
    func aLaterVersionIsReadAsThisOne(_ text: String) {
        #expect(TraceParent(text)?.text == Self.good)
    }

    @Test(arguments: [
        "", "00", good + "-01", good + "0", String(good.dropLast()), good.uppercased(), " " + good,
        good.replacing("-00f067aa0ba902b7-", with: "-0000000000000000-"),
        good.replacing("4bf92f3577b34da6a3ce929d0e0e4736", with: "00000000000000000000000000000000"),
        "ff" + good.dropFirst(2), "0g" + good.dropFirst(2), good.replacing("-", with: "_"),
        "01" + good.dropFirst(2) + "x", good.replacing("4bf9", with: "4b\u{0}9"),
    ])
    func whatIsMalformedCountsAsAbsent(_ text: String) {
        #expect(TraceParent(text) == nil)
    }
}
