import Foundation
import Synchronization

/// What a person reads while they wait, on standard error: one line that is written over on a terminal, a line of
/// its own every few seconds elsewhere.
final class ProgressLine: Sendable {
    private struct State {
        var shown = 0
        var lastPlainLine: ContinuousClock.Instant?
        var lastPlainText = ""
    }

    private let isTerminal: Bool
    private let plainEvery: Duration
    private let isSilent: Bool
    private let state = Mutex(State())

    /// Progress on standard error; none at all where nobody wants any.
    init(silent: Bool = false, plainEvery: Duration = .seconds(2)) {
        isSilent = silent
        isTerminal = isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
        self.plainEvery = plainEvery
    }

    /// Shows where things stand.
    func show(_ text: @autoclosure () -> String) {
        guard !isSilent else { return }
        state.withLock { state in
            if isTerminal {
                // A line that the terminal has to break could not be written over.
                let line = String(text().prefix(Self.columns - 1))
                write("\r\u{1B}[2K\(line)")
                state.shown = line.count
            } else {
                let now = ContinuousClock.now
                if let last = state.lastPlainLine, now - last < plainEvery { return }
                let line = text()
                guard line != state.lastPlainText else { return }
                state.lastPlainLine = now
                state.lastPlainText = line
                write(line + "\n")
            }
        }
    }

    /// Writes a line that stays.
    func say(_ text: String) {
        guard !isSilent else { return }
        state.withLock { state in
            if state.shown > 0 { write("\r\u{1B}[2K") }
            state.shown = 0
            write(text + "\n")
        }
    }

    /// Takes the rewritten line away.
    func clear() {
        state.withLock { state in
            if state.shown > 0 { write("\r\u{1B}[2K") }
            state.shown = 0
        }
    }

    private func write(_ text: String) {
        // A closed pipe is no reason to stop the work that is shown.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    private static var columns: Int {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
