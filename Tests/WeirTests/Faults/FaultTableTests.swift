import Foundation
import Testing

/// `docs/faults.md` says which test shows which fault, and every name in it is one.
@Suite struct FaultTableTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../..").standardizedFileURL

    @Test func everyFaultHasATestThatExists() throws {
        let page = try String(contentsOf: Self.root.appending(path: "docs/faults.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").map { $0.split(separator: "|").map(String.init) }
            .filter { $0.count == 4 && Int($0[0].trimmingCharacters(in: .whitespaces)) != nil }
        #expect(rows.map { Int($0[0].trimmingCharacters(in: .whitespaces)) } == Array(1...24))
        for row in rows {
            var text: String?
            var count = 0
            for name in row[3].matches(of: /`([^`]+)`/).map({ String($0.1) }) {
                if name.contains("/") {
                    text = try String(
                        contentsOf: Self.root.appending(path: "Tests/\(name).swift"), encoding: .utf8)
                } else {
                    count += 1
                    #expect(
                        text?.contains("func \(name)(") == true, "row \(row[0]): there is no test \(name)")
                }
            }
            #expect(count > 0, "row \(row[0]) names no test")
        }
    }
}
