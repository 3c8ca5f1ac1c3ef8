import Foundation
import Synchronization

/// What a person reads while they wait, on standard error: one line that is written over on a terminal, a line of
/// its own every few seconds elsewhere.
final class ProgressLine: Sendable {
    private struct State {
        var shown = 0
        var lastPlainLine: ContinuousClock.Instant?
        var lastPlainText = ""
        var isFinished = false
    }

    private let isTerminal: Bool
    private let plainEvery: Duration
    private let isSilent: Bool
    private let sink: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// Progress on standard error; none at all where nobody wants any.
    convenience init(silent: Bool = false, plainEvery: Duration = .seconds(2)) {
        self.init(
            silent: silent, plainEvery: plainEvery,
            isTerminal: isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
        ) { text in
            // A closed pipe is no reason to stop the work that is shown.
            try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
        }
    }

    /// Progress that goes wherever `sink` brings it.
    init(
        silent: Bool, plainEvery: Duration, isTerminal: Bool, sink: @escaping @Sendable (String) -> Void
    ) {
        isSilent = silent
        self.isTerminal = isTerminal
        self.plainEvery = plainEvery
        self.sink = sink
    }

    /// Shows where things stand.
    func show(_ text: @autoclosure () -> String) {
        guard !isSilent else { return }
        state.withLock { state in
            guard !state.isFinished else { return }
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

    /// Ends it, with where things stand in the end so that the last line does not contradict the result: on a terminal
    /// the line goes, elsewhere this one comes, unless it was the last or nothing was ever shown. Whoever shows
    /// something later is late, and says nothing.
    func finish(_ text: String? = nil) {
        clear()
        state.withLock { state in
            guard !state.isFinished else { return }
            state.isFinished = true
            guard let text, state.lastPlainLine != nil, text != state.lastPlainText else { return }
            write(text + "\n")
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

    private func write(_ text: String) { sink(text) }

    private static var columns: Int {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
