/// What a server answered to one request of a keep-alive connection.
struct HTTPAnswer: Equatable {
    let status: Int
    let body: [UInt8]

    /// Takes one whole answer off the front; nil until all of it is there.
    static func take(from received: inout [UInt8]) -> HTTPAnswer? {
        guard let found = received.withUnsafeBytes(frame) else { return nil }
        let answer = HTTPAnswer(status: found.status, body: Array(received[found.body]))
        if found.body.upperBound == received.count {
            received.removeAll(keepingCapacity: true)
        } else {
            received.removeFirst(found.body.upperBound)
        }
        return answer
    }

    /// The status and the place of the body, once all of it is there.
    private static func frame(_ bytes: UnsafeRawBufferPointer) -> (status: Int, body: Range<Int>)? {
        guard bytes.count > 12 else { return nil }
        let status = number(bytes, from: 9)
        var (line, bodyLength) = (0, 0)
        for position in bytes.indices where bytes[position] == UInt8(ascii: "\n") {
            if position - line <= 1 {
                let end = position + 1 + bodyLength
                return bytes.count >= end ? (status, position + 1..<end) : nil
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
