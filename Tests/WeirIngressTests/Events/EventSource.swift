import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

@testable import WeirWire

/// A client of server-sent events as HTML describes it, as far as Weir's streams go; reads in the background.
final class EventSource: Sendable {
    /// One event, or an id without one.
    struct Block: Sendable {
        var id: String?
        var data: String?

        /// A member of the CloudEvent.
        subscript(name: String) -> JSONValue? {
            data.flatMap { try? JSONFields($0.utf8) }.flatMap { JSONValue.object($0)[name] }
        }

        /// Its place in the log.
        var place: [Int64] { ["partition", "seq"].compactMap { self[$0]?.number } }
    }

    private struct State {
        var blocks: [Block] = []
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let reading = Mutex<Task<Void, Never>?>(nil)

    /// Connects, and returns once the stream has begun; the reply is there when it was refused.
    static func open(
        _ room: IngressRoom, _ query: String = "", lastEventID: String? = nil,
        credential: String? = nil
    ) async throws -> EventSource {
        let source = EventSource()
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(room.port)/v1/events\(query)")
        if let lastEventID { request.headers.add(name: "Last-Event-ID", value: lastEventID) }
        if let credential { request.headers.add(name: "Authorization", value: "Bearer \(credential)") }
        let response = try await Client.shared.execute(request, timeout: .seconds(120))
        guard response.status == .ok, response.headers.first(name: "content-type") == "text/event-stream"
        else {
            throw TestFailure("the stream was refused: \(response.status)")
        }
        source.reading.withLock {
            $0 = Task {
                var text = ""
                do {
                    for try await chunk in response.body {
                        text += String(buffer: chunk)
                        source.take(&text)
                    }
                } catch {}
                source.state.withLock { $0.hasEnded = true }
            }
        }
        try await eventually("the stream tells its place") { source.lastID != nil }
        return source
    }

    /// All that came with data.
    var events: [Block] { state.withLock { $0.blocks.filter { $0.data != nil } } }
    /// How many blocks came without data, the first of which tells where the stream begins.
    var heartbeats: Int { state.withLock { $0.blocks.count { $0.data == nil } } }
    var lastID: String? { state.withLock { $0.blocks.last { $0.id != nil }?.id } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func close() { reading.withLock { $0 }?.cancel() }

    private func take(_ text: inout String) {
        while let end = text.range(of: "\n\n") {
            var block = Block()
            for line in text[..<end.lowerBound].split(separator: "\n") {
                if line.hasPrefix("id: ") { block.id = String(line.dropFirst(4)) }
                if line.hasPrefix("data: ") { block.data = String(line.dropFirst(6)) }
            }
            text = String(text[end.upperBound...])
            state.withLock { [block] in $0.blocks.append(block) }
        }
    }
}

extension String {
    fileprivate func range(of part: String) -> Range<Index>? { ranges(of: part).first }
}
