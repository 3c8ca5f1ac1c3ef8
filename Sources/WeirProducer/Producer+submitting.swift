import AMQPClient
import WeirCore

extension Producer {
    /// Submits an intent and awaits its outcome. A rejection is an outcome, not an error.
    ///
    /// What is in doubt within the time-out is submitted again: a connection that was lost costs a moment. After an
    /// error that ``ProducerError/isRetriable`` submit the same intent again.
    ///
    /// - Parameter timeout: for all of it: until there is a connection, until the broker has taken charge of the
    ///   intent, and until it is decided.
    public func submit(
        _ intent: PurchaseIntent, timeout: Duration = .seconds(30)
    ) async throws(ProducerError) -> Outcome {
        try await perform(.submit(try intent.checked()), timeout)
    }

    /// Hands an intent to the broker and returns once that has taken charge of it: it will be decided, whatever
    /// crashes. Takes ``ProducerSettings/confirmSeconds`` at most, and as long again when there is no connection yet.
    public func enqueue(_ intent: PurchaseIntent) async throws(ProducerError) {
        let submit = try intent.checked()
        try begin()
        defer { end() }
        try await connected(by: .now + .seconds(settings.confirmSeconds))
        let ending = await core.pass(submit, id: core.nextID(), trace: nil).value
        if case .published(.confirmed) = ending { return }
        throw failure(ending)
    }

    /// Makes a sale of a reserved intent, which is paid for, and awaits that it is `confirmed`. It may be repeated. One
    /// whose hold has expired takes its units again; when there are too few it throws `.refused(.shortfall, …)`: give
    /// the money back.
    ///
    /// - Parameter id: the command's own name, of a token's form: under one name it takes effect once. Random if you do
    ///   not care.
    @discardableResult
    public func confirm(
        _ token: String, sku: String, id: String? = nil, timeout: Duration = .seconds(30)
    ) async throws(ProducerError) -> Outcome {
        try await perform(.confirm(try change(token, sku, id)), timeout)
    }

    /// Gives an intent up, also one that is confirmed, and awaits that its units are free again. It may be repeated.
    ///
    /// - Parameter id: as for ``confirm(_:sku:id:timeout:)``.
    @discardableResult
    public func cancel(
        _ token: String, sku: String, id: String? = nil, timeout: Duration = .seconds(30)
    ) async throws(ProducerError) -> Outcome {
        try await perform(.cancel(try change(token, sku, id)), timeout)
    }

    private func change(
        _ token: String, _ sku: String, _ id: String?
    ) throws(ProducerError) -> IntentChange {
        var form = Form()
        let token = form.identifier("token", token, as: Token.self)
        let sku = form.identifier("sku", sku, as: SKU.self)
        let random =
            "p-" + hexadecimal(.random(in: 0...UInt64.max), digits: 16)
            + hexadecimal(.random(in: 0...UInt64.max), digits: 16)
        let id = form.identifier("id", id ?? random, as: CommandID.self)
        guard let token, let sku, let id else { throw form.error }
        return IntentChange(id: id, token: token, sku: sku)
    }

    // MARK: Asking

    /// Sends a command until its outcome was heard or the time is over.
    private func perform(_ command: Command, _ timeout: Duration) async throws(ProducerError) -> Outcome {
        try begin()
        defer { end() }
        // Nobody waits for longer than a year, and the desk's clock could not tell.
        let deadline = ContinuousClock.now + min(timeout, .seconds(31_536_000))
        var backoff = Backoff()
        var isAccepted = false
        while true {
            let last: ProducerError
            switch await ask(command, by: deadline) {
            case .outcome(let outcome): return outcome
            case .failure(let error): throw isAccepted && error.isRetriable ? .undecided : error
            case .doubt(let error):
                if error == .undecided { isAccepted = true }
                last = isAccepted ? .undecided : error
            }
            let pause = backoff.next()
            guard !isClosed, ContinuousClock.now + pause < deadline else { throw last }
            try? await Task.sleep(for: pause)
        }
    }

    /// What asking once comes to.
    private enum Answer {
        case outcome(Outcome)
        /// Asking again now would not help.
        case failure(ProducerError)
        /// A connection was lost meanwhile; asking again tells.
        case doubt(ProducerError)
    }

    private func ask(_ command: Command, by deadline: ContinuousClock.Instant) async -> Answer {
        do throws(ProducerError) {
            try await connected(by: deadline)
        } catch {
            return .failure(error)
        }
        let id = core.nextID()
        let left = (deadline - .now) / .seconds(1)
        guard let waiter = core.desk.expect(id, forSeconds: left) else { return .failure(.overloaded) }
        let door = core.send(command, id: id)
        let ending = await withTaskCancellationHandler {
            await waiter.value
        } onCancel: {
            core.desk.dismiss(id)
        }
        switch ending {
        case .happening(let happening):
            do throws(ProducerError) {
                if let outcome = try Outcome(happening) { return .outcome(outcome) }
                return .doubt(.undecided)
            } catch {
                return .failure(error)
            }
        case .interrupted:
            // The outcome may have been lost with the queue.
            return .doubt(door.current.map(failure) ?? .unconfirmed)
        case .timedOut, .dismissed:
            if Task.isCancelled { return .failure(.cancelled) }
            guard let ending = door.current else { return .failure(.unconfirmed) }
            let error = failure(ending)
            if case .disconnected = error { return .doubt(error) }
            return .failure(error)
        }
    }

    /// Returns when intents can be published and their outcomes heard.
    private func connected(by deadline: ContinuousClock.Instant) async throws(ProducerError) {
        switch core.publisher.state {
        case .ready: break
        case .blocked(let reason): throw .blocked(reason)
        case .stopped: throw .closed
        case .connecting:
            let left = max(.zero, deadline - .now)
            guard await core.publisher.waitUntilReady(timeout: left) else {
                throw Task.isCancelled ? .cancelled : .disconnected("it could not be made in time")
            }
        }
        // The other connection comes at about the same time; without it the outcome would be lost.
        while !core.listener.isConnected {
            if Task.isCancelled { throw .cancelled }
            guard ContinuousClock.now < deadline, core.publisher.state != .stopped else {
                throw .disconnected("the one for outcomes could not be made in time")
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Why a command was not accepted, or `.undecided` when it was.
    private func failure(_ ending: DoorEnding) -> ProducerError {
        if case .published(.unavailable) = ending, case .blocked(let reason) = core.publisher.state {
            return .blocked(reason)
        }
        return ProducerError(ending)
    }
}
