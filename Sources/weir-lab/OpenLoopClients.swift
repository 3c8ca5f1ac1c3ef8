import Foundation
import Glibc

/// Asks at a fixed rate whatever the server does: one thread and `poll`, a keep-alive connection for each request that
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

    private struct Client {
        let socket: Int32
        var received: [UInt8] = []
        var due = ContinuousClock.now
        var isClosed = false
    }

    /// Asks for so many seconds, then waits some more for the answers.
    func run(seconds: Double, patience: Double) throws -> Result {
        var clients: [Client] = []
        defer { for client in clients where !client.isClosed { _ = Glibc.close(client.socket) } }
        var idle: [Int] = []
        var busy: [Int] = []
        var result = Result()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let begin = ContinuousClock.now
        let end = begin + .seconds(seconds)
        func due(_ number: Int) -> ContinuousClock.Instant { begin + .seconds(Double(number) / rate) }
        var next = 0
        var nextLook = begin
        while true {
            let now = ContinuousClock.now
            if now >= end, busy.isEmpty || now >= end + .seconds(patience) { break }
            if now >= nextLook, now < end {
                result.watched.append(watch())
                nextLook = now + .seconds(1)
            }
            // At most some at a time, so that answers are not left lying; many, since each look at all is dear.
            let last = next + 1_024
            while next < last, now < end, due(next) <= now {
                defer { next += 1 }
                result.asked += 1
                if idle.isEmpty, clients.count < most {
                    idle.append(clients.count)
                    clients.append(Client(socket: try openSocket(port)))
                }
                guard let place = idle.popLast() else {
                    result.dropped += 1
                    continue
                }
                let bytes = request(next)
                clients[place].due = due(next)
                result.late = max(result.late, (now - clients[place].due).seconds)
                let isSent =
                    send(clients[place].socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
                if isSent { busy.append(place) } else { drop(place, &clients, &result) }
            }
            let untilDue = (due(next) - now) / .milliseconds(1)
            let pause: Int32 = now >= end ? 10 : Int32(max(0, min(10, untilDue)))
            var descriptors = busy.map {
                pollfd(fd: clients[$0].socket, events: Int16(POLLIN), revents: 0)
            }
            guard poll(&descriptors, nfds_t(descriptors.count), next == last ? 0 : pause) > 0 else {
                continue
            }
            var still: [Int] = []
            still.reserveCapacity(busy.count)
            for (place, descriptor) in zip(busy, descriptors) {
                guard descriptor.revents != 0 else {
                    still.append(place)
                    continue
                }
                let length = recv(clients[place].socket, &buffer, buffer.count, 0)
                guard length > 0 else {
                    drop(place, &clients, &result)
                    continue
                }
                clients[place].received += buffer[..<length]
                if let status = HTTPAnswer.take(from: &clients[place].received)?.status {
                    let arrival = ContinuousClock.now
                    let latency = (arrival - clients[place].due).seconds
                    result.answers[status, default: []].append(latency)
                    if arrival < end { result.inTime[status, default: 0] += 1 }
                    idle.append(place)
                } else {
                    still.append(place)
                }
            }
            busy = still
        }
        result.unanswered += busy.count
        result.seconds = seconds
        result.connections = clients.count
        return result
    }

    private func drop(_ place: Int, _ clients: inout [Client], _ result: inout Result) {
        _ = Glibc.close(clients[place].socket)
        clients[place].isClosed = true
        result.unanswered += 1
    }
}
