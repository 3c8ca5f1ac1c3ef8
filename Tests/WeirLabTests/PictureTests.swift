import Foundation
import FoundationXML
import Testing

@testable import weir_lab

@Suite struct PictureTests {
    private func result(_ title: String, wrong: Bool = false) -> StrategyResult {
        var result = StrategyResult(title: title)
        (result.rate, result.ratio, result.p50, result.p99, result.cost) = (1_234, 1, 0.01, 0.05, 400)
        if wrong {
            result.counts = Counts(
                books: [SKUBooks(sku: "a", stocked: 1, available: 0, sold: 8)], record: [], told: [:])
        }
        result.killed = Counts()
        return result
    }

    /// Reads it as a browser would, strictly.
    private func elements(_ document: String) throws -> [String: Int] {
        let reader = Reader()
        let parser = XMLParser(data: Data(document.utf8))
        parser.delegate = reader
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        return reader.elements
    }

    private final class Reader: NSObject, XMLParserDelegate {
        var elements: [String: Int] = [:]
        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            elements[name, default: 0] += 1
        }
    }

    @Test func thePictureIsWellFormedAndHasTwoBarsAStrategy() throws {
        let results = [result("one", wrong: true), result("two"), result("three")]
        let found = try elements(StrategyPicture.svg(results, caption: "four"))
        #expect(found["svg"] == 1)
        // The background, and two bars for each.
        #expect(found["rect"] == 1 + 2 * 3)
    }

    @Test func whatXMLReservesIsEscaped() throws {
        let nasty = "a<b>&\"c'\u{1}\u{0} ]]> <!-- …"
        let document = StrategyPicture.svg([result(nasty)], caption: nasty)
        #expect(try elements(document)["text"] ?? 0 > 0)
        #expect(document.contains("a&lt;b&gt;&amp;&quot;c'"))
    }

    @Test func brokenPromisesAreInThePicture() {
        let document = StrategyPicture.svg([result("one", wrong: true)], caption: "")
        #expect(document.contains("7 oversold"))
        #expect(!StrategyPicture.svg([result("one")], caption: "").contains("7 oversold"))
    }

    @Test func aPictureOfNothingIsAPicture() throws {
        #expect(try elements(StrategyPicture.svg([], caption: ""))["svg"] == 1)
        var zero = StrategyResult(title: "never ran")
        zero.rate = 0
        #expect(try elements(StrategyPicture.svg([zero], caption: ""))["svg"] == 1)
    }

    @Test func theTableHasARowEachAndColumnsOfOneWidth() {
        let lines = StrategyTable.text([result("one"), result("a longer one", wrong: true)])
            .split(separator: "\n")
        #expect(lines.count == 4)
        #expect(Set(lines.map(\.count)).count == 1)
        #expect(lines[3].contains("| 7 |") || lines[3].contains(" 7 |"))
    }
}
