import CHiredis
import Foundation
import Glibc

/// Asks at a fixed rate whatever the server does: one thread and `epoll`, a keep-alive connection for each request that
/// is under way. Latency counts from the moment at which a request was due.
struct OpenLoopClients {
    /// What they saw.
    struct Result {
        var seconds = 0.0
        /// How many requests were due.
        var asked = 0
        /// Latencies by status.
        var answers: [Int: [Double]] = [:]
        /// How many answers came while requests were still sent, by status.
        var inTime: [Int: Int] = [:]
        /// By how much the latest request was sent late, in seconds; more than some milliseconds, and this is no open loop.
        var late = 0.0
        /// Due while every connection was busy: not sent.
        var dropped = 0
        /// Sent, but not answered when the time was over, or the connection was closed.
        var unanswered = 0
        var connections = 0
        /// What ``watch`` said, once a second.
        var watched: [Double] = []

        func count(_ statuses: Int...) -> Int { statuses.reduce(0) { $0 + (answers[$1]?.count ?? 0) } }
    }

    let port: Int
    let rate: Double
    /// The most connections.
    let most: Int
    let request: (Int) -> [UInt8]
    let watch: () -> Double
    /// When requests are due, in seconds from the beginning; nil: evenly at ``rate``.
    var moments: [Double]?
    /// Whether requests leave when they are due rather than up to a millisecond later: two system calls more each.
    var isPunctual = false

    private struct Client {
        let socket: Int32
        var received: [UInt8] = []
        var due = ContinuousClock.now
        var isBusy = false
        var isClosed = false
    }

    /// Asks for so many seconds, then waits some more for the answers.
    func run(seconds: Double, patience: Double) throws -> Result {
        var clients: [Client] = []
        let poller = epoll_create1(0)
        // The calls that wait for less than a millisecond know no higher number.
        guard poller >= 0, poller < FD_SETSIZE else {
            throw LabError("the process is out of file descriptors")
        }
        defer {
            for client in clients where !client.isClosed { _ = Glibc.close(client.socket) }
            _ = Glibc.close(poller)
        }
        var events = [epoll_event](repeating: epoll_event(), count: 1_024)
        var idle: [Int] = []
        var busy = 0
        var result = Result()
        // Before the clock runs: where the accept queue is full, a connection takes the kernel seconds.
        for place in 0..<most {
            let client = Client(socket: try openSocket(port))
            var interest = epoll_event()
            interest.events = EPOLLIN.rawValue
            interest.data.u64 = UInt64(place)
            guard epoll_ctl(poller, EPOLL_CTL_ADD, client.socket, &interest) == 0 else {
                throw LabError("the kernel does not watch another connection")
            }
            idle.append(place)
            clients.append(client)
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let begin = ContinuousClock.now
        let end = begin + .seconds(seconds)
        func due(_ number: Int) -> ContinuousClock.Instant {
            guard let moments else { return begin + .seconds(Double(number) / rate) }
            return number < moments.count ? begin + .seconds(moments[number]) : end
        }
        var next = 0
        var nextLook = begin
        while true {
            let now = ContinuousClock.now
            if now >= end, busy == 0 || now >= end + .seconds(patience) { break }
            if now >= nextLook, now < end {
                result.watched.append(watch())
                nextLook = now + .seconds(1)
            }
            // At most some at a time, so that answers are not left lying; many, since each look at all is dear.
            let last = next + 1_024
            while next < last, now < end, due(next) <= now {
                defer { next += 1 }
                result.asked += 1
                while let last = idle.last, clients[last].isClosed { idle.removeLast() }
                guard let place = idle.popLast() else {
                    result.dropped += 1
                    continue
                }
                let bytes = request(next)
                clients[place].due = due(next)
                result.late = max(result.late, (now - clients[place].due).seconds)
                let isSent =
                    send(clients[place].socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
                clients[place].isBusy = true
                busy += 1
                if !isSent {
                    drop(&clients[place], &result)
                    busy -= 1
                }
            }
            let pause: Duration =
                now >= end
                ? .milliseconds(10) : min(.milliseconds(10), due(next) - (isPunctual ? .now : now))
            let count = look(poller, &events, waiting: next == last ? .zero : pause)
            for event in events.prefix(Int(max(0, count))) {
                let place = Int(event.data.u64)
                guard !clients[place].isClosed else { continue }
                let length = recv(clients[place].socket, &buffer, buffer.count, 0)
                guard length > 0 else {
                    if clients[place].isBusy { busy -= 1 }
                    drop(&clients[place], &result)
                    continue
                }
                clients[place].received += buffer[..<length]
                guard let status = HTTPAnswer.take(from: &clients[place].received)?.status else { continue }
                let arrival = ContinuousClock.now
                result.answers[status, default: []].append((arrival - clients[place].due).seconds)
                if arrival < end { result.inTime[status, default: 0] += 1 }
                clients[place].isBusy = false
                busy -= 1
                idle.append(place)
            }
        }
        result.unanswered += busy
        result.seconds = seconds
        result.connections = clients.count
        return result
    }

    /// The connections on which something has come, now or within so long.
    private func look(_ poller: Int32, _ events: inout [epoll_event], waiting pause: Duration) -> Int32 {
        let most = Int32(events.count)
        if pause <= .zero { return epoll_wait(poller, &events, most, 0) }
        // A millisecond at least: who looks without a pause takes a whole core from the server.
        guard isPunctual else {
            return epoll_wait(poller, &events, most, max(1, Int32(pause / .milliseconds(1))))
        }
        var pollers = fd_set()
        withUnsafeMutableBytes(of: &pollers) { $0[Int(poller) / 8] |= 1 << UInt8(poller % 8) }
        var time = timespec(tv_sec: 0, tv_nsec: Int(pause / .nanoseconds(1)))
        return pselect(poller + 1, &pollers, nil, nil, &time, nil) > 0
            ? epoll_wait(poller, &events, most, 0) : 0
    }

    private func drop(_ client: inout Client, _ result: inout Result) {
        _ = Glibc.close(client.socket)
        client.isClosed = true
        if client.isBusy { result.unanswered += 1 }
    }
}
