import HTTPTypes
import WeirCore
import WeirProducer
import WeirWire

/// What the head of a `POST /v1/intents` says, once nothing about it is wrong.
struct IntentHead: Sendable {
    let token: Token
    let preference: Preference
    let trace: TraceParent?
    /// When the request came, in monotonic nanoseconds.
    let start: UInt64

    init(_ fields: HTTPFields, query: String?, _ settings: IngressSettings) throws(Problem) {
        start = monotonicNanoseconds()
        token = try IdempotencyKey.require(fields)
        preference = try Preference.read(fields, limit: settings.waitLimitSeconds, otherwise: 0)
        try BodyHeaders.check(fields, largestBody: settings.largestBody)
        _ = try QueryParameters(query, knowing: [])
        trace = TraceParent(fields)
    }
}

/// A wish on its way from the request to its answer.
struct Passage: Sendable {
    let submit: Submit
    let id: UInt64
    /// Nil when the client does not wait.
    let waiter: OutcomeDesk.Waiter?
    let door: Awaited<DoorEnding>
    let waitSeconds: Int
    /// When the request came, in monotonic nanoseconds.
    let start: UInt64

    /// Returns when something is known: what the waiter was told, or the door said.
    func ended() async {
        if let waiter { _ = await waiter.value } else { _ = await door.value }
    }

    /// Calls once, by any thread, when ``ended()`` would return.
    func whenEnded(_ call: @escaping @Sendable () -> Void) {
        if let waiter { waiter.whenFinished { _ in call() } } else { door.whenFinished { _ in call() } }
    }
}

/// A passage, and what else its answer says.
struct Errand: Sendable {
    let passage: Passage
    /// What of the client's wishes was followed.
    let applied: String?
    /// What is left of the buyer's quota.
    let notes: RateNotes

    /// The answer, once it is known what became of the wish.
    func complete(_ answer: Answer) -> Answer {
        var answer = answer
        answer.fields[.location] = RequestHandler.location(passage.submit.token, passage.submit.sku)
        if let applied { answer.fields[.preferenceApplied] = applied }
        answer.add(notes)
        return answer
    }
}
