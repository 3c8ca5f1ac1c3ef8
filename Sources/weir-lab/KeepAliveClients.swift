import Foundation
import Glibc

/// Clients that each keep one connection and ask again as soon as they are answered: one thread and `poll`, so that
/// the measuring costs as little as possible of the machine that is measured.
struct KeepAliveClients {
    /// What they saw.
    struct Result {
        var answers = 0
        var seconds = 0.0
        var latencies: [Double] = []
        var statuses: [Int: Int] = [:]

        /// Answers a second.
        var rate: Double { Double(answers) / seconds }

        /// Answers with a status a second.
        func rate(of status: Int) -> Double { Double(statuses[status] ?? 0) / seconds }

        func percentile(_ share: Double) -> Double {
            guard !latencies.isEmpty else { return 0 }
            return latencies.sorted()[min(latencies.count - 1, Int(Double(latencies.count) * share))]
        }
    }

    /// Where to ask; the clients are dealt out to the ports in turn.
    let ports: [Int]
    let count: Int
    /// The whole request of a number.
    let request: (Int) -> [UInt8]

    init(ports: [Int], count: Int, request: @escaping (Int) -> [UInt8]) {
        (self.ports, self.count, self.request) = (ports, count, request)
    }

    init(port: Int, count: Int, request: @escaping (Int) -> [UInt8]) {
        self.init(ports: [port], count: count, request: request)
    }

    private struct Client {
        let socket: Int32
        var received: [UInt8] = []
        var askedAt = ContinuousClock.now
    }

    /// Asks for so many seconds.
    func run(seconds: Double) throws -> Result {
        var clients = try (0..<count).map { Client(socket: try openSocket(ports[$0 % ports.count])) }
        defer { for client in clients { _ = Glibc.close(client.socket) } }
        var result = Result()
        var number = 0
        let begin = ContinuousClock.now
        let end = begin + .seconds(seconds)
        for position in clients.indices {
            try ask(&clients[position], number)
            number += 1
        }
        var descriptors = clients.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while ContinuousClock.now < end {
            guard poll(&descriptors, nfds_t(descriptors.count), 1_000) > 0 else { continue }
            for position in descriptors.indices where descriptors[position].revents != 0 {
                let length = recv(clients[position].socket, &buffer, buffer.count, 0)
                guard length > 0 else { throw LabError("the server closed a connection") }
                clients[position].received += buffer[..<length]
                while let status = HTTPAnswer.take(from: &clients[position].received)?.status {
                    result.answers += 1
                    result.statuses[status, default: 0] += 1
                    result.latencies.append((ContinuousClock.now - clients[position].askedAt).seconds)
                    try ask(&clients[position], number)
                    number += 1
                }
            }
        }
        result.seconds = (ContinuousClock.now - begin).seconds
        return result
    }

    private func ask(_ client: inout Client, _ number: Int) throws {
        let bytes = request(number)
        client.askedAt = .now
        guard send(client.socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw LabError("a request could not be sent")
        }
    }
}
