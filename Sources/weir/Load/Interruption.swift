import Dispatch
import Foundation

/// Runs something that Ctrl-C (or SIGTERM) ends by cancelling its task, so that it can say what happened so far and
/// put things in order. Somebody who presses it twice means it.
enum Interruption {
    static func guarding<Outcome: Sendable>(
        _ operation: @escaping @Sendable () async throws -> Outcome
    ) async throws -> Outcome {
        let task = Task { try await operation() }
        let presses = Counter()
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if presses.next() > 0 { _exit(130) }
                task.cancel()
            }
            source.resume()
            return source
        }
        defer {
            sources.forEach { $0.cancel() }
            signal(SIGINT, SIG_DFL)
            signal(SIGTERM, SIG_DFL)
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
