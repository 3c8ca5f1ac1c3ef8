import Foundation
import Glibc

/// Clients that each keep one connection, ask again as soon as they are answered, and when they are not: the same
/// token, until somebody has decided it. One thread and `poll`, so that the measuring costs little.
struct RushClients {
    /// What they saw.
    struct Record {
        /// Outcomes that came while it was measured, and how long each had been waited for, failures included.
        var latencies: [Double] = []
        /// How long was measured.
        var seconds = 0.0
        /// What each token was told, by its number.
        var told: [Int: Set<Verdict>] = [:]
        /// Answers that were no outcome, and lost connections.
        var failures = 0
        /// Requests that were turned away because the SKU is sold out, without being decided; Weir's gate does that.
        var turnedAway = 0
        /// Requests that nobody had decided in the end.
        var undecided = 0
        /// Seconds from the accident to the next outcome on a new connection.
        var recovery: Double?

        /// Outcomes a second.
        var rate: Double { seconds > 0 ? Double(latencies.count) / seconds : 0 }

        func percentile(_ share: Double) -> Double {
            guard !latencies.isEmpty else { return 0 }
            return latencies.sorted()[min(latencies.count - 1, Int(Double(latencies.count) * share))]
        }
    }

    /// Something that is done once in the middle.
    struct Accident {
        let after: Double
        let action: () throws -> Void
    }

    let port: Int
    let count: Int
    let plan: RushPlan

    private struct Client {
        var socket: Int32 = -1
        var openedAt = ContinuousClock.now
        var received: [UInt8] = []
        /// The request that waits for its outcome; nil when there is nothing left to ask.
        var request: Int?
        var askedAt = ContinuousClock.now
        /// When to ask the same again.
        var again: ContinuousClock.Instant?
    }

    /// Asks for so many seconds, or until so many requests are decided; then waits up to 15 s for what is under way.
    func run(seconds: Double, requests: Int = .max, accident: Accident? = nil) throws -> Record {
        var clients = [Client](repeating: Client(), count: count)
        defer { for client in clients where client.socket >= 0 { _ = Glibc.close(client.socket) } }
        var record = Record()
        var next = 0
        var pending = accident
        var accidentAt: ContinuousClock.Instant?
        let begin = ContinuousClock.now
        let (end, last) = (begin + .seconds(seconds), begin + .seconds(seconds + 15))
        for place in clients.indices { takeNext(&clients[place], &next, requests, &record) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while clients.contains(where: { $0.request != nil }), ContinuousClock.now < last {
            if let due = pending, (ContinuousClock.now - begin).seconds >= due.after {
                pending = nil
                accidentAt = .now
                try due.action()
            }
            for place in clients.indices {
                if let again = clients[place].again, again <= .now { ask(&clients[place], &record) }
            }
            var descriptors = clients.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
            guard poll(&descriptors, nfds_t(descriptors.count), 10) > 0 else { continue }
            for place in descriptors.indices where descriptors[place].revents != 0 {
                let length = recv(clients[place].socket, &buffer, buffer.count, 0)
                guard length > 0 else {
                    lose(&clients[place], &record)
                    continue
                }
                clients[place].received += buffer[..<length]
                guard let answer = HTTPAnswer.take(from: &clients[place].received) else { continue }
                if Self.isTurnedAway(answer) {
                    record.turnedAway += 1
                    takeNext(&clients[place], &next, ContinuousClock.now < end ? requests : 0, &record)
                    continue
                }
                guard let request = clients[place].request, let verdict = Self.verdict(answer) else {
                    record.failures += 1
                    clients[place].again = .now + .milliseconds(20)
                    continue
                }
                let now = ContinuousClock.now
                if now < end { record.latencies.append((now - clients[place].askedAt).seconds) }
                record.told[plan.token(of: request), default: []].insert(verdict)
                if let at = accidentAt, record.recovery == nil, clients[place].openedAt > at {
                    record.recovery = (now - at).seconds
                }
                takeNext(&clients[place], &next, now < end ? requests : 0, &record)
            }
        }
        record.seconds = min(seconds, (ContinuousClock.now - begin).seconds)
        record.undecided = clients.count { $0.request != nil }
        return record
    }

    private func takeNext(_ client: inout Client, _ next: inout Int, _ requests: Int, _ record: inout Record)
    {
        guard next < requests else {
            client.request = nil
            return
        }
        client.request = next
        client.askedAt = .now
        next += 1
        ask(&client, &record)
    }

    private func ask(_ client: inout Client, _ record: inout Record) {
        client.again = nil
        guard let request = client.request else { return }
        if client.socket < 0 {
            guard let socket = try? openSocket(port) else {
                client.again = .now + .milliseconds(20)
                return
            }
            (client.socket, client.openedAt) = (socket, .now)
        }
        let bytes = plan.request(request)
        if send(client.socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) != bytes.count {
            lose(&client, &record)
        }
    }

    private func lose(_ client: inout Client, _ record: inout Record) {
        _ = Glibc.close(client.socket)
        client.socket = -1
        client.received = []
        record.failures += 1
        client.again = .now + .milliseconds(20)
    }

    /// Whether a gate refused to take the intent in, because the SKU is sold out.
    static func isTurnedAway(_ answer: HTTPAnswer) -> Bool {
        answer.status == 409 && String(decoding: answer.body, as: UTF8.self).contains("/problems/sold-out")
    }

    /// The outcome in an answer of any strategy; nil when it is none.
    static func verdict(_ answer: HTTPAnswer) -> Verdict? {
        guard answer.status == 200 else { return nil }
        let text = String(decoding: answer.body, as: UTF8.self)
        if text.contains(#""status":"confirmed""#) { return .confirmed }
        if text.contains(#""status":"rejected""#) { return .rejected }
        return nil
    }
}
