/// One buyer in a rush: sends a wish, perhaps twice, and makes something of the hold.
struct RushBuyer: Sendable {
    let plan: RushPlan.Buyer
    let client: WeirClient
    let tally: RushTally
    /// Answers that said 2xx, with or without an outcome: from the first on there is a promise.
    private let acceptances = Counter()
    private var retrying: Retrying { Retrying(patience: .seconds(60), counter: tally.retries) }

    init(_ plan: RushPlan.Buyer, client: WeirClient, tally: RushTally) {
        self.plan = plan
        self.client = client
        self.tally = tally
    }

    /// How long the server may wait for an outcome before it answers 202.
    private static let waitSeconds = 20

    /// From the first wish to its outcome. Thinking about it comes later, in ``followUp(_:)``.
    func buy() async -> RushRecord {
        var record = RushRecord(number: plan.number)
        let start = ContinuousClock.now
        tally.begin()
        do throws(WeirClientError) {
            if plan.losesFirstAnswer { await loseAnAnswer() }
            var answers: [IntentAnswer?]
            if plan.duplicate == .atOnce {
                async let one = outcome()
                async let other = outcome()
                let both = await (one, other)
                answers = [try both.0.get(), try both.1.get()]
            } else {
                answers = [try await outcome().get()]
            }
            let latency = ContinuousClock.now - start
            if plan.duplicate == .later { answers.append(try await outcome().get()) }
            var known = answers.compactMap { $0 }.makeIterator()
            if let first = known.next() {
                accept(first, into: &record, after: latency)
                while let again = known.next() { absorb(again, into: &record, like: first) }
                if plan.sendsWrongPayload { await sendWrongPayload(&record) }
            } else {
                tally.turnedAway()
            }
        } catch {
            record.failure = error.description
            tally.note { $0.gaveUp += 1 }
        }
        record.isAccepted = acceptances.count > 0
        if record.isAccepted { tally.note { $0.accepted += 1 } }
        return record
    }

    /// Confirms, cancels or forgets the hold, if there is one.
    func followUp(_ record: inout RushRecord) async {
        guard record.decision?.status == .reserved, plan.intention != .letExpire else { return }
        try? await Task.sleep(for: .milliseconds(plan.thoughtMilliseconds))
        do throws(WeirClientError) {
            let answer = try await retrying.call { () async throws(WeirClientError) in
                switch plan.intention {
                case .confirm:
                    try await client.confirm(
                        token: plan.token, sku: plan.item.sku, key: "confirm-\(plan.token)",
                        waitSeconds: Self.waitSeconds)
                default:
                    try await client.cancel(
                        token: plan.token, sku: plan.item.sku, key: "cancel-\(plan.token)",
                        waitSeconds: Self.waitSeconds)
                }
            }
            record.shown.append(.init(answer))
            switch answer.status {
            case .confirmed where plan.intention == .confirm: record.followUp = .confirmed
            case .cancelled where plan.intention == .cancel: record.followUp = .cancelled
            default: record.followUp = .unknown
            }
        } catch {
            record.followUp = error.problem?.status == 409 ? .refused : .unknown
        }
    }

    /// Sends the wish until there is an outcome; the same token each time, so it is decided once. Nil: nothing is left,
    /// and nothing was accepted.
    private func outcome() async -> Result<IntentAnswer?, WeirClientError> {
        do throws(WeirClientError) {
            return .success(
                try await retrying.call { () async throws(WeirClientError) in
                    let answer: IntentAnswer?
                    do throws(WeirClientError) {
                        answer = try await client.submit(
                            token: plan.token, sku: plan.item.sku, quantity: plan.quantity, buyer: plan.name,
                            waitSeconds: Self.waitSeconds)
                        _ = acceptances.next()
                    } catch {
                        guard error.problem?.name == "sold-out" else { throw error }
                        answer = try await whatBecameOfIt()
                    }
                    if let answer, !answer.status.isSettled { throw .timedOut(url: client.url) }
                    return answer
                })
        } catch {
            return .failure(error)
        }
    }

    /// The sold-out gate says nothing about the token: an earlier request may have brought it an outcome.
    private func whatBecameOfIt() async throws(WeirClientError) -> IntentAnswer? {
        do throws(WeirClientError) {
            let answer = try await client.intent(token: plan.token, sku: plan.item.sku)
            // It was accepted by a request whose answer was lost: the server knows it, and stands by it.
            _ = acceptances.next()
            return answer
        } catch {
            // An acceptance is a promise: its outcome will be there.
            guard error.problem?.status == 404 else { throw error }
            if acceptances.count > 0 { throw .timedOut(url: client.url) }
            return nil
        }
    }

    /// The request arrives, the answer does not.
    private func loseAnAnswer() async {
        _ = try? await client.patient(seconds: 0.01).submit(
            token: plan.token, sku: plan.item.sku, quantity: plan.quantity, buyer: plan.name)
        tally.note { $0.lostAnswers += 1 }
    }

    private func accept(_ answer: IntentAnswer, into record: inout RushRecord, after latency: Duration) {
        record.shown.append(.init(answer))
        tally.decided(.init(answer), after: latency)
    }

    /// A repeated wish must get the outcome of the first, or what has become of it meanwhile.
    private func absorb(_ answer: IntentAnswer, into record: inout RushRecord, like first: IntentAnswer) {
        record.shown.append(.init(answer))
        if (answer.status == .rejected) == (first.status == .rejected) {
            tally.note { $0.duplicatesAbsorbed += 1 }
        }
    }

    private func sendWrongPayload(_ record: inout RushRecord) async {
        do throws(WeirClientError) {
            _ = try await retrying.call { () async throws(WeirClientError) in
                try await client.submit(
                    token: plan.token, sku: plan.item.sku, quantity: plan.quantity + 1, buyer: plan.name,
                    waitSeconds: Self.waitSeconds)
            }
            record.wrongPayloadsSent += 1
            record.wrongPayloadsTaken += 1
        } catch {
            if error.problem?.status == 422 {
                record.wrongPayloadsSent += 1
                tally.note { $0.conflictsRefused += 1 }
            } else if error.problem?.name == "sold-out" {
                // The gate does not ask for the token: it refuses what it cannot sell.
                record.wrongPayloadsSent += 1
                tally.note { $0.conflictsSoldOut += 1 }
            }
        }
    }
}
