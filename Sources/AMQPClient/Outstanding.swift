import DequeModule

/// The messages of one connection that wait for their confirm, by tag.
///
/// Plain book-keeping: what a change completes is returned, the owner tells the listeners. Confirms come out
/// of order and for several tags at once, positive and negative (<https://www.rabbitmq.com/docs/confirms>).
struct Outstanding {
    /// By tag from `firstTag`; `nil` is one that has been answered while an older one has not.
    private var jobs = Deque<Job?>()
    private var firstTag: UInt64 = 1
    /// How many wait.
    private(set) var count = 0
    /// Whether any has been given up, so that its return may still come.
    private(set) var hasExpired = false
    /// Where to look for the next returned message: the broker returns in the order of publishing.
    private var returnTag: UInt64 = 1

    private var nextTag: UInt64 { firstTag + UInt64(jobs.count) }

    /// Notes the message that was sent next.
    mutating func append(_ job: Job) {
        jobs.append(job)
        count += 1
    }

    /// Takes the message of a confirm out, or all up to it; tag 0 with `multiple` means all.
    ///
    /// An empty answer is normal: the message timed out or was returned before.
    /// - Throws: `.protocolViolation` for a tag that was never used.
    mutating func confirm(_ tag: UInt64, multiple: Bool) throws(AMQPError) -> [Job] {
        guard tag < nextTag, tag > 0 || multiple else {
            throw AMQPError(.protocolViolation, "the broker confirmed message \(tag), which was never sent")
        }
        guard multiple else {
            guard tag >= firstTag, let job = remove(Int(tag - firstTag)) else { return [] }
            trim()
            return [job]
        }
        let last = tag == 0 ? nextTag - 1 : tag
        var result: [Job] = []
        while firstTag <= last, let slot = jobs.popFirst() {
            firstTag += 1
            if let slot {
                result.append(slot)
                count -= 1
            }
        }
        trim()
        return result
    }

    /// Takes out the message that came back.
    ///
    /// A return has no tag. It is the first mandatory one, in the order of publishing, that is the same in
    /// all that identifies it. Two outstanding messages that agree in everything, body and headers included,
    /// are one to every reader: if they are mistaken for each other nobody can tell.
    mutating func returned(_ message: ReturnedMessage) -> Job? {
        let start = Int(max(returnTag, firstTag) - firstTag)
        let all = jobs.indices
        let index =
            all[start...].first { isReturned(jobs[$0], message, withHeaders: true) }
            ?? all.first { isReturned(jobs[$0], message, withHeaders: true) }
            // An interceptor in the broker may have changed the headers.
            ?? all.first { isReturned(jobs[$0], message, withHeaders: false) }
        guard let index, let job = remove(index) else { return nil }
        returnTag = firstTag + UInt64(index) + 1
        trim()
        return job
    }

    /// Takes out those whose time is over. Deadlines rise with the tags, give or take a thread's pause.
    mutating func expire(_ now: UInt64) -> [Job] {
        var result: [Job] = []
        while let slot = jobs.first, let job = slot, job.deadline <= now {
            result.append(job)
            jobs.removeFirst()
            firstTag += 1
            count -= 1
            hasExpired = true
            trim()
        }
        return result
    }

    /// The next deadline; `UInt64.max` when nothing waits.
    var nextDeadline: UInt64 { (jobs.first ?? nil)?.deadline ?? .max }

    /// Takes all out, in order.
    mutating func removeAll() -> [Job] {
        let result = jobs.compactMap { $0 }
        firstTag = nextTag
        jobs.removeAll()
        count = 0
        return result
    }

    private mutating func remove(_ index: Int) -> Job? {
        guard let job = jobs[index] else { return nil }
        jobs[index] = nil
        count -= 1
        return job
    }

    /// Forgets the answered ones in front, so that the first, if any, is one that waits.
    private mutating func trim() {
        while let slot = jobs.first, slot == nil {
            jobs.removeFirst()
            firstTag += 1
        }
    }

    private func isReturned(_ job: Job?, _ back: ReturnedMessage, withHeaders: Bool) -> Bool {
        guard let sent = job?.message, sent.mandatory, sent.routingKey == back.routingKey,
            sent.properties.messageID == back.properties.messageID, sent.exchange == back.exchange,
            sent.properties.correlationID == back.properties.correlationID,
            sent.properties.type == back.properties.type, sent.body == back.body
        else { return false }
        return !withHeaders || sent.properties.headers == back.properties.headers
    }
}
