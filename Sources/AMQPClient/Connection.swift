import CRabbitMQ
import DequeModule
import Glibc

/// One AMQP connection with one channel, on one thread.
///
/// It belongs to the thread that created it (asserted in debug builds), which must have a stack of 16 MiB:
/// `DedicatedThread`. librabbitmq sends heartbeats only inside calls, so that thread calls `nextDelivery` or
/// `pump` at least every `heartbeatSeconds / 2`. The first error other than `.missing`, `.mismatch` and
/// `.invalid` ends the connection; every later call repeats it. The way on is a new one.
public final class Connection {
    /// The settings it was made with.
    public let settings: AMQPSettings

    /// For other threads: cuts the connection under a call that does not return.
    public let socketHandle: SocketHandle

    /// Why the broker does not read what this connection publishes (`connection.blocked`), while it does not.
    public internal(set) var blockedReason: String?

    /// The user who has logged in.
    public let userName: String
    /// The virtual host.
    public let virtualHost: String
    let frameMax: Int
    /// Whether what goes out must pass through TLS.
    let isEncrypted: Bool
    let arena = Arena()
    var outbox = FrameBuffer()
    var names = NameCache()
    var assembler = ContentAssembler()
    var arrived = Deque<Event>()
    /// Consumer tag to queue name.
    var consumers: [String: String] = [:]
    var confirms = false
    /// When the next frame of a message that has begun must be here.
    var stallDeadline: UInt64 = .max
    private var library: amqp_connection_state_t?
    private var ending: AMQPError?
    private let thread = pthread_self()

    /// The only channel.
    static let channel: amqp_channel_t = 1

    /// Connects, logs in and opens the channel.
    ///
    /// Asks for `consumer_cancel_notify` and `connection.blocked`, without which a deleted queue leaves a
    /// consumer deaf and an alarm a publisher hanging. Takes at most the connect time-out twice and the call
    /// time-out.
    /// - Throws: `.away`, `.refused` (login or virtual host), `.invalid` (the URL), `.protocolViolation`.
    public convenience init(_ settings: AMQPSettings) throws(AMQPError) {
        try self.init(settings, onSocket: { _ in })
    }

    /// The same; `onSocket` is given the socket before the login, so that this can be cut as well.
    init(_ settings: AMQPSettings, onSocket: (SocketHandle) -> Void) throws(AMQPError) {
        let address = try AMQPAddress(settings.url)
        let opened = try Self.open(address, settings, onSocket)
        self.settings = settings
        library = opened.library
        socketHandle = opened.handle
        userName = address.user
        virtualHost = address.vhost
        isEncrypted = address.authorities != nil
        frameMax = Int(amqp_get_frame_max(opened.library))
        try openChannel()
    }

    deinit { destroy() }

    /// Says goodbye and closes; never throws, for there is nothing left to do about it.
    ///
    /// Never `basic.cancel` first: with unacknowledged deliveries it would let the next consumer overtake
    /// them.
    public func close() {
        assertThread()
        guard let library, ending == nil else { return abandon() }
        var patience = timeval(tv_sec: min(2, settings.rpcTimeoutSeconds), tv_usec: 0)
        amqp_set_rpc_timeout(library, &patience)
        _ = amqp_connection_close(library, 200)
        end(AMQPError(.away, "the connection is closed"))
        destroy()
    }

    /// Cuts the connection without a goodbye, as a crash would. From another thread: `socketHandle.cut()`.
    public func abandon() {
        assertThread()
        socketHandle.cut()
        end(AMQPError(.away, "the connection was abandoned"))
        destroy()
    }

    /// The socket, to `poll` it together with others; ask `hasInput` first.
    public var fileDescriptor: Int32 {
        library.map { amqp_get_sockfd($0) } ?? -1
    }

    /// What the broker says it is (server property `version`), such as `3.10.8`; nil when it does not tell.
    public var serverVersion: String? {
        guard let library, let properties = amqp_get_server_properties(library) else { return nil }
        return FieldDecoding.table(properties.pointee)["version"]?.stringValue
    }

    /// Whether something has arrived that `poll` on the socket would not show.
    public var hasInput: Bool {
        guard let library else { return false }
        return !arrived.isEmpty || amqp_frames_enqueued(library) != 0 || amqp_data_in_buffer(library) != 0
    }

    /// Why the connection has ended, if it has.
    public var endedBecause: AMQPError? { ending }

    /// The library's handle, or the error that has ended the connection.
    func usable() throws(AMQPError) -> amqp_connection_state_t {
        assertThread()
        if let ending { throw ending }
        guard let library else { throw AMQPError(.away, "the connection is closed") }
        return library
    }

    /// Notes the first reason why the connection cannot go on, and gives the error back to be thrown.
    @discardableResult
    func end(_ error: AMQPError) -> AMQPError {
        if ending == nil { ending = error }
        return error
    }

    func assertThread() {
        assert(
            pthread_equal(thread, pthread_self()) != 0, "a Connection belongs to the thread that created it")
    }

    private func destroy() {
        if let library { amqp_destroy_connection(library) }
        library = nil
        socketHandle.release()
    }
}
