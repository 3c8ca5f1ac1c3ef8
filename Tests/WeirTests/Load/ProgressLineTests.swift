import Synchronization
import Testing

@testable import weir

/// What is left on standard error when a command has ended.
@Suite struct ProgressLineTests {
    private final class Paper: Sendable {
        private let written = Mutex("")
        var text: String { written.withLock { $0 } }
        func progress(silent: Bool = false, isTerminal: Bool = false) -> ProgressLine {
            ProgressLine(silent: silent, plainEvery: .seconds(3_600), isTerminal: isTerminal) { text in
                self.written.withLock { $0 += text }
            }
        }
    }

    @Test func theLastLineIsTheFinalOne() {
        let paper = Paper()
        let progress = paper.progress()
        progress.show("0 of 2")
        progress.show("1 of 2")
        progress.finish("2 of 2")
        progress.show("1 of 2")
        progress.finish("3 of 2")
        #expect(paper.text == "0 of 2\n2 of 2\n")
    }

    @Test func whatWasNeverShownHasNoEnd() {
        let paper = Paper()
        paper.progress().finish("2 of 2")
        paper.progress(silent: true).show("1 of 2")
        #expect(paper.text.isEmpty)
    }

    @Test func nothingIsSaidTwice() {
        let paper = Paper()
        let progress = paper.progress()
        progress.show("2 of 2")
        progress.finish("2 of 2")
        #expect(paper.text == "2 of 2\n")
    }

    @Test func onATerminalTheLineGoes() {
        let paper = Paper()
        let progress = paper.progress(isTerminal: true)
        progress.show("1 of 2")
        progress.finish("2 of 2")
        #expect(paper.text.hasSuffix("1 of 2\r\u{1B}[2K"))
    }
}
