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

        func percentile(_ share: Double) -> Double {
            guard !latencies.isEmpty else { return 0 }
            return latencies.sorted()[min(latencies.count - 1, Int(Double(latencies.count) * share))]
        }
    }

    let port: Int
    let count: Int
    /// The whole request of a number.
    let request: (Int) -> [UInt8]

    private struct Client {
        let socket: Int32
        var received: [UInt8] = []
        var askedAt = ContinuousClock.now
    }

    /// Asks for so many seconds.
    func run(seconds: Double) throws -> Result {
        var clients = try (0..<count).map { _ in Client(socket: try openSocket(port)) }
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
                while let status = Self.takeAnswer(&clients[position].received) {
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

    /// Takes one whole answer off the front and returns its status.
    static func takeAnswer(_ received: inout [UInt8]) -> Int? {
        guard let (status, length) = received.withUnsafeBytes(answer) else { return nil }
        if length == received.count {
            received.removeAll(keepingCapacity: true)
        } else {
            received.removeFirst(length)
        }
        return status
    }

    /// The status and the length of the whole answer at the beginning of the bytes, once all of it is there.
    private static func answer(_ bytes: UnsafeRawBufferPointer) -> (status: Int, length: Int)? {
        guard bytes.count > 12 else { return nil }
        let status = number(bytes, from: 9)
        var (line, bodyLength) = (0, 0)
        for position in bytes.indices where bytes[position] == UInt8(ascii: "\n") {
            if position - line <= 1 {
                let length = position + 1 + bodyLength
                return bytes.count >= length ? (status, length) : nil
            }
            if isContentLength(bytes[line..<position]) { bodyLength = number(bytes, from: line + 15) }
            line = position + 1
        }
        return nil
    }

    private static func isContentLength(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        let name = "content-length:".utf8
        return line.count > name.count && zip(line, name).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        bytes[start...].lazy.drop { $0 == UInt8(ascii: " ") }
            .prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            .reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
