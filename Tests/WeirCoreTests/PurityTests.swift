import Foundation
import Testing

/// The core imports nothing: no clock, no randomness, no I/O can come in.
@Suite struct PurityTests {
    private static var sources: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/WeirCore")
    }

    @Test func theCoreImportsNothing() throws {
        let files = try FileManager.default.subpathsOfDirectory(atPath: Self.sources.path)
            .filter { $0.hasSuffix(".swift") }
        #expect(files.count >= 14, "the core's sources are not where this test looks for them")
        for file in files {
            let text = try String(contentsOf: Self.sources.appendingPathComponent(file), encoding: .utf8)
            #expect(Self.imports(in: text) == [], "\(file)")
        }
    }

    /// The standard library alone has a clock and randomness, too.
    @Test func theCoreAsksNoClockAndThrowsNoDice() throws {
        for file in try FileManager.default.subpathsOfDirectory(atPath: Self.sources.path)
        where file.hasSuffix(".swift") {
            let text = try String(contentsOf: Self.sources.appendingPathComponent(file), encoding: .utf8)
            for word in ["Clock", ".random(", ".shuffle", "RandomNumberGenerator", "print(", "readLine"] {
                #expect(!text.contains(word), "\(file) says \(word)")
            }
        }
    }

    @Test(arguments: [
        "import Foundation", "  import Glibc", "@testable import X", "public import X", "import struct X.Y",
        "@_exported import X", "let a = 1; import X", "internal\timport X", "@preconcurrency public import X",
    ])
    func everyImportIsNoticed(_ line: String) {
        #expect(Self.imports(in: "/// Prose.\n\(line)\nlet b = 2") == [line])
    }

    @Test func wordsThatMerelyLookLikeAnImportAreNot() {
        #expect(Self.imports(in: "/// import nothing\nlet important = 1\nvar imports = 2 // import") == [])
    }

    /// The lines that have an import outside of their comment.
    private static func imports(in text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map(String.init).filter { line in
            let code = line.components(separatedBy: "//")[0]
            return code.split { " \t;".contains($0) }.contains("import")
        }
    }
}
