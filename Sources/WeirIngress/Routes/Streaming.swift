import HTTPTypes
import HummingbirdCore
import NIOCore
import WeirCore
import WeirProducer
import WeirWire

extension RequestHandler {
    /// `GET /v1/events`: the log as server-sent events, from now on, or from the place behind `Last-Event-ID`.
    func streamEvents(_ request: Request, _ caller: Caller) async throws(Problem) -> Answer {
        let query = try QueryParameters(request.uri.query, knowing: ["sku", "buyer", "after"])
        var filter = EventFilter(sku: try query.sku(), buyer: try query.buyer())
        if let buyer = caller.buyer {
            guard filter.buyer == nil || filter.buyer == buyer else { throw .otherBuyer(parameter: "buyer") }
            filter.buyer = buyer
        }
        let wanted = try startPlace(request, query)
        let ticket = tail.streams.share()
        guard ticket.take(1) <= settings.streamLimit else {
            throw Problem(
                .overloaded, "there are \(settings.streamLimit) event streams already; come back later",
                retryAfterSeconds: 5)
        }
        let losses = tail.losses
        guard case .found(let log) = await tail.extent() else { throw Self.databaseAway("come back later") }
        let partitions = partitions(for: filter)
        let place = wanted.map { $0.place ?? log.begin } ?? log.end
        if let wanted, place.isAhead(of: log.end) {
            throw wanted.problem(
                "is ahead of the log, whose end is \(log.end.text); leave it out to begin there")
        }
        if place.isBefore(log.begin, in: partitions) {
            var pruned = Problem(
                .eventsPruned,
                "events behind \(place.text) were pruned; the log begins behind \(log.begin.text)")
            pruned.places = wanted?.problem("names a place before the beginning of the log").places ?? []
            throw pruned
        }
        var answer = Answer(.ok, [])
        answer.mediaType = .eventStream
        answer.fields[.cacheControl] = "no-store"
        let stream = EventStream(
            tail: tail, filter: filter, partitions: partitions, losses: losses,
            heartbeatSeconds: settings.streamHeartbeatSeconds,
            isAllowed: { [credentials] in credentials.isGood(caller) })
        answer.stream = { writer in
            try await stream.write(from: place, to: &writer)
            ticket.giveBack()
            try await writer.finish(nil)
        }
        return answer
    }

    /// The events of a SKU lie in its partition.
    private func partitions(for filter: EventFilter) -> [Int] {
        filter.sku.map { [partitioning.partition(of: $0)] } ?? Array(0..<partitioning.count)
    }

    /// Where the client wants to begin, and how to tell it that it cannot; nil begins at the end, a nil place where the
    /// log does.
    ///
    /// The header goes first: a browser that comes back sends it, and the address with the old parameter.
    private func startPlace(
        _ request: Request, _ query: QueryParameters
    ) throws(Problem) -> (place: LogPosition?, problem: (String) -> Problem)? {
        let form = "send the 'id' of an event that you received, or leave it out"
        if let text = request.headers[.lastEventID], !text.isEmpty {
            func problem(_ what: String) -> Problem {
                Problem(.invalidHeader, header: "Last-Event-ID", "the header Last-Event-ID \(what)")
            }
            guard let place = LogPosition(text, partitioning) else {
                throw problem("is no place in this log; \(form)")
            }
            return (place, problem)
        }
        guard let text = query["after"] else { return nil }
        func problem(_ what: String) -> Problem {
            Problem(.invalidQuery, parameter: "after", "the parameter 'after' \(what)")
        }
        if text == "start" { return (nil, problem) }
        guard let place = LogPosition(text, partitioning) else {
            throw problem("is no place in this log; \(form), or send 'start' for all of the log")
        }
        return (place, problem)
    }
}

/// One client's stream. It keeps nothing but a place: a client that reads slowly falls behind in the log, and the
/// server's memory does not grow.
private struct EventStream: Sendable {
    let tail: LogTail
    let filter: EventFilter
    let partitions: [Int]
    let losses: Int
    let heartbeatSeconds: Int
    /// Whether the client's credential is still good.
    let isAllowed: @Sendable () -> Bool

    /// How long a credential goes unasked.
    private static let checkNanoseconds: UInt64 = 5_000_000_000
    /// How much is written at once.
    private static let chunkBytes = 32_768

    /// Writes until the server stops or the credential ends; throws when the client is gone.
    func write(from start: LogPosition, to writer: inout any ResponseBodyWriter) async throws {
        var place = start
        // An id without data is remembered by the client, and no event for it (HTML, 9.2.6).
        try await writer.write(ByteBuffer(string: "retry: 1000\nid: \(place.text)\n\n"))
        var heartbeat = nextHeartbeat()
        while isAllowed() {
            var version: UInt64?
            var entries: [LogEntry] = []
            switch tail.next(after: place, in: partitions, losses: losses) {
            case .closed: return
            case .entries(let found, let end, let current):
                (entries, version) = (found, current)
                if partitions.count < place.seqs.count { skipOthers(&place, to: end) }
            case .behind:
                if case .found(let found) = await tail.page(after: place, in: partitions) { entries = found }
                // A prune was faster than the client: it is told when it comes back.
                guard isWhole(entries, after: place) else { return }
            }
            if try await write(entries, &place, to: &writer) { heartbeat = nextHeartbeat() }
            if monotonicNanoseconds() >= heartbeat {
                // The place as well: a client that comes back need not begin before what its filter hid.
                try await writer.write(ByteBuffer(string: ":\nid: \(place.text)\n\n"))
                heartbeat = nextHeartbeat()
            }
            if entries.isEmpty {
                // Without a version the database is away, or has nothing that memory does not have in a moment.
                let now = monotonicNanoseconds()
                await tail.news(
                    since: version,
                    until: min(heartbeat, now + (version == nil ? 200_000_000 : Self.checkNanoseconds)))
            }
        }
    }

    /// Whether nothing is missing between a place and what follows it.
    private func isWhole(_ entries: [LogEntry], after place: LogPosition) -> Bool {
        var seqs = place.seqs
        return entries.allSatisfy { entry in
            seqs[entry.partition] += 1
            return seqs[entry.partition] == entry.seq
        }
    }

    /// Writes what the filter shows of these entries and goes behind all of them; false when it shows nothing.
    private func write(
        _ entries: [LogEntry], _ place: inout LogPosition, to writer: inout any ResponseBodyWriter
    ) async throws -> Bool {
        var hasWritten = false
        var chunk = ByteBuffer()
        for entry in entries {
            place.seqs[entry.partition] = entry.seq
            guard filter.shows(entry) else { continue }
            chunk.writeString("id: \(place.text)\ndata: ")
            chunk.writeBytes(entry.json)
            chunk.writeString("\n\n")
            hasWritten = true
            guard chunk.readableBytes >= Self.chunkBytes else { continue }
            try await writer.write(chunk)
            chunk.clear()
        }
        if chunk.readableBytes > 0 { try await writer.write(chunk) }
        return hasWritten
    }

    /// Nothing of the other partitions will ever be shown.
    private func skipOthers(_ place: inout LogPosition, to end: LogPosition) {
        for partition in place.seqs.indices where !partitions.contains(partition) {
            place.seqs[partition] = max(place.seqs[partition], end.seqs[partition])
        }
    }

    private func nextHeartbeat() -> UInt64 {
        monotonicNanoseconds() + UInt64(heartbeatSeconds) * 1_000_000_000
    }
}

extension HTTPField.Name {
    static let lastEventID = Self("Last-Event-ID")!
}
