import CHiredis
import Glibc

/// A connection to Redis that waits for each answer, for five seconds at most. One thread makes it and uses it.
final class RedisConnection {
    /// What Redis answered.
    enum Reply: Equatable {
        case nothing
        case integer(Int)
        case text(String)
        case list([Reply])
    }

    private let context: UnsafeMutablePointer<redisContext>

    init(port: Int, password: String) throws {
        let patience = timeval(tv_sec: 5, tv_usec: 0)
        guard let context = redisConnectWithTimeout("127.0.0.1", Int32(port), patience) else {
            throw LabError("hiredis has no memory")
        }
        self.context = context
        redisSetTimeout(context, patience)
        guard context.pointee.err == 0 else { throw LabError("Redis does not answer on port \(port)") }
        try run("AUTH", password)
    }

    deinit { redisFree(context) }

    /// Sends a command and waits for its answer.
    @discardableResult
    func run(_ words: String...) throws -> Reply { try run(words) }

    /// Sends a command and waits for its answer.
    @discardableResult
    func run(_ words: [String]) throws -> Reply {
        let copies = words.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        var pointers = copies.map { UnsafePointer($0) }
        let lengths = words.map(\.utf8.count)
        guard let answer = redisCommandArgv(context, Int32(words.count), &pointers, lengths) else {
            throw LabError("Redis was lost in the middle of \(words[0])")
        }
        defer { freeReplyObject(answer) }
        return try Self.read(answer.assumingMemoryBound(to: redisReply.self))
    }

    private static func read(_ reply: UnsafePointer<redisReply>) throws -> Reply {
        let content = reply.pointee
        func text() -> String {
            String(
                decoding: UnsafeRawBufferPointer(
                    start: content.str, count: content.str == nil ? 0 : content.len),
                as: UTF8.self)
        }
        switch content.type {
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: return .text(text())
        case REDIS_REPLY_INTEGER: return .integer(Int(content.integer))
        case REDIS_REPLY_NIL: return .nothing
        case REDIS_REPLY_ARRAY:
            return .list(
                try (0..<Int(content.elements)).compactMap { position in
                    try content.element[position].map { try read($0) }
                })
        default: throw LabError("Redis says: \(text())")
        }
    }
}

/// A Lua script that Redis knows by its digest after the first use.
struct RedisScript {
    private let digest: String

    init(_ text: String, _ redis: RedisConnection) throws {
        guard case .text(let digest) = try redis.run("SCRIPT", "LOAD", text) else {
            throw LabError("Redis does not take the script")
        }
        self.digest = digest
    }

    func run(_ redis: RedisConnection, keys: [String], _ values: [String] = []) throws
        -> RedisConnection.Reply
    {
        try redis.run(["EVALSHA", digest, "\(keys.count)"] + keys + values)
    }
}
