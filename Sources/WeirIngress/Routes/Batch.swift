import HTTPTypes
import HummingbirdCore
import NIOCore
import WeirCore
import WeirProducer
import WeirWire

extension RequestHandler {
    /// `POST /v1/intents/batch`: one wish a line, each with its token; one answer a line, in the same order.
    ///
    /// Each line is answered as it would have been alone: a line that is wrong spoils only itself. The whole batch is
    /// refused, before anything is published, only when it is too large or the server sheds load.
    func submitBatch(_ request: Request, _ caller: Caller) async throws(Problem) -> Answer {
        let start = monotonicNanoseconds()
        let preference = try Preference.read(
            request.headers, limit: settings.waitLimitSeconds, otherwise: 0)
        // A line names its own key; one for all of them would say nothing, but must not be wrong either.
        _ = try IdempotencyKey.read(request.headers)
        try BodyHeaders.check(
            request.headers, largestBody: settings.largestBatchBody, mediaTypes: Self.batchMediaTypes)
        _ = try QueryParameters(request.uri.query, knowing: [])
        let share = batchBytes.share()
        let body = try await batchBody(of: request, share)
        let lines = try batchLines(of: body)
        // The request itself is counted already.
        let notes = try rates.admit(lines.count - 1, credential: caller.rateName)
        guard shedding.enters(lines.count) else { throw Self.shed }
        let trace = TraceParent(request.headers)
        // In the order of the lines: it is the order in which they are published.
        let passages = lines.map { line in
            beginLine(line, caller, waitSeconds: preference.waitSeconds, since: start, trace: trace)
        }
        var answer = Answer(.ok, [])
        answer.mediaType = .jsonLines
        if let applied = preference.applied { answer.fields[.preferenceApplied] = applied }
        answer.add(notes)
        answer.stream = { [self] writer in
            try await write(passages, to: &writer)
            // Until here the batch counts, and no longer, also when its client is gone.
            share.giveBack()
            try await writer.finish(nil)
        }
        return answer
    }

    static let batchMediaTypes = ["application/x-ndjson", "application/jsonl", "application/json-lines"]

    /// A line's way: it has begun, or it was refused.
    private typealias Line = Result<Passage, Problem>

    private func beginLine(
        _ line: ArraySlice<UInt8>, _ caller: Caller, waitSeconds: Int, since start: UInt64,
        trace: TraceParent?
    ) -> Line {
        do throws(Problem) {
            guard line.count <= settings.largestBody else {
                throw Problem(
                    .bodyTooLarge, "the line has more than \(settings.largestBody) bytes; send less")
            }
            let submit = try reading { () throws(WireRefusal) in
                var fields = try JSONFields(line)
                return try Submit(from: &fields)
            }
            try caller.requireBuyer(submit.buyer)
            _ = try rates.admit(buyer: submit.buyer)
            return .success(try begin(submit, waitSeconds: waitSeconds, since: start, trace: trace))
        } catch {
            return .failure(error)
        }
    }

    /// Writes the answers as soon as all before them are known. They are waited for side by side, so that the batch
    /// takes no longer than its slowest line.
    private func write(_ lines: [Line], to writer: inout any ResponseBodyWriter) async throws {
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for (position, line) in lines.enumerated() {
                group.addTask { (position, await self.answerLine(line)) }
            }
            var waiting: [Int: [UInt8]] = [:]
            var next = 0
            var ready = ByteBuffer()
            while let (position, answer) = try await group.next() {
                waiting[position] = answer
                while let answer = waiting.removeValue(forKey: next) {
                    ready.writeBytes(answer)
                    next += 1
                }
                if ready.readableBytes >= 16_384 || (ready.readableBytes > 0 && next == lines.count) {
                    try await writer.write(ready)
                    ready.clear()
                }
            }
        }
    }

    private func answerLine(_ line: Line) async -> [UInt8] {
        let answer: Answer
        do throws(Problem) {
            answer = try await finish(try line.get())
        } catch {
            answer = Answer(error)
        }
        return answer.body + [UInt8(ascii: "\n")]
    }

    // MARK: Reading

    /// The body, counted against what all batches together may have.
    private func batchBody(of request: Request, _ share: SharedCount.Share) async throws(Problem) -> [UInt8] {
        try await request.bytes(upTo: settings.largestBatchBody) { count throws(Problem) in
            guard share.take(count) <= settings.batchMemory else {
                var problem = Problem(
                    .overloaded, "too many batches are under way; nothing was accepted, come back later")
                problem.closes = true
                throw problem
            }
        }
    }

    /// The lines that hold anything; a carriage return at the end of one belongs to the line break.
    private func batchLines(of body: [UInt8]) throws(Problem) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        for line in body.split(separator: UInt8(ascii: "\n")) {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { continue }
            guard lines.count < settings.batchLimit else {
                throw Problem(
                    .bodyTooLarge,
                    "the batch has more than \(settings.batchLimit) lines; nothing was accepted, divide it")
            }
            lines.append(line)
        }
        guard !lines.isEmpty else {
            throw Problem(
                .malformedBody,
                "the batch is empty; send one intent a line, as in"
                    + #" {"token":"t1","sku":"tea","quantity":1,"buyer":"ada"}"#)
        }
        return lines
    }
}
