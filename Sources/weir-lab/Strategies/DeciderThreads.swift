import AMQPClient
import WeirCore

/// Threads with a decider each; a request waits for the next in turn.
final class DeciderThreads: Sendable {
    private struct Job: Sendable {
        let submit: Submit
        let answer: CheckedContinuation<Verdict?, Never>
    }

    private let mailboxes: [Mailbox<Job>]
    private let threads: [DedicatedThread]
    private let next = Counter()

    init(_ shop: any Shop, count: Int) {
        mailboxes = (0..<count).map { _ in Mailbox<Job>(limit: 10_000) }
        threads = mailboxes.map { mailbox in
            DedicatedThread(name: "decider") {
                var decider: (any Decider)?
                while !mailbox.isClosed || mailbox.count > 0 {
                    for job in mailbox.take(waiting: .seconds(1)) {
                        do {
                            let current = try decider ?? shop.makeDecider()
                            decider = current
                            job.answer.resume(returning: try current.decide(job.submit))
                        } catch {
                            // Nobody knows in which state its sessions are.
                            decider = nil
                            say("\(job.submit.token.text): \(error)")
                            job.answer.resume(returning: nil)
                        }
                    }
                }
            }
        }
    }

    /// Takes nothing in any more, and waits until the threads have ended with what they have.
    func stop() {
        for mailbox in mailboxes { mailbox.close() }
        for thread in threads { thread.join() }
    }

    /// The verdict, or nil when the client had better ask again.
    func decide(_ submit: Submit) async -> Verdict? {
        await withCheckedContinuation { answer in
            let job = Job(submit: submit, answer: answer)
            guard mailboxes[next.take() % mailboxes.count].put(job) == .accepted else {
                return answer.resume(returning: nil)
            }
        }
    }
}
