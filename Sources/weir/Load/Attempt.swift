import Foundation

/// Sends one wish and follows it to its outcome.
struct Attempt: Sendable {
    let client: WeirClient
    let tally: Tally
    /// How long to wait for the outcome; 0: acceptance is enough.
    let waitSeconds: Int
    /// Asks for the outcome in the same request (`Prefer: wait`) instead of a second one. Acceptance is then seen
    /// only of those whose outcome did not come in time.
    let inOneRequest: Bool

    /// Sends it. Time counts from `due`, not from the moment at which we came round to send: a server that is slow
    /// makes the requests behind wait, and that wait is part of what a client sees.
    func send(_ wish: Wish, due: ContinuousClock.Instant) async {
        do throws(WeirClientError) {
            var answer = try await client.submit(
                token: wish.token, sku: wish.sku, quantity: wish.quantity, buyer: wish.buyer,
                waitSeconds: inOneRequest && waitSeconds > 0 ? waitSeconds : nil)
            let isReplayed = answer.isReplayed
            if !inOneRequest || !answer.status.isSettled { tally.accepted(after: .now - due) }
            if !answer.status.isSettled, !inOneRequest, waitSeconds > 0 {
                answer = try await outcome(of: wish, until: .now + .seconds(waitSeconds)) ?? answer
            }
            tally.end(
                AnswerKind(answer), replayed: isReplayed,
                outcomeAfter: answer.status.isSettled ? .now - due : nil)
        } catch {
            tally.fail(error)
        }
    }

    /// The outcome, or nil when there is none by then.
    private func outcome(
        of wish: Wish, until deadline: ContinuousClock.Instant
    ) async throws(WeirClientError) -> IntentAnswer? {
        while true {
            let left = (deadline - .now) / .seconds(1)
            guard left > 0 else { return nil }
            do throws(WeirClientError) {
                let answer = try await client.intent(
                    token: wish.token, sku: wish.sku, waitSeconds: max(1, Int(left.rounded(.up))))
                if answer.status.isSettled { return answer }
            } catch {
                // Another ingress than the one that accepted it knows nothing before the decision.
                guard error.problem?.status == 404 || error.isPassing else { throw error }
            }
            try? await Task.sleep(for: .milliseconds(50))
            if Task.isCancelled { throw .cancelled }
        }
    }
}
