import NIOCore
import NIOHTTP1

/// Stands before the HTTP decoder of a connection, and while the server sheds load sends those away who come for an
/// intent and are not let in: unread, with an answer that lies ready.
///
/// To read a request and to write an answer as HTTP costs twice what the system takes for the bytes. Only plain requests
/// are sent away here, while none before them waits for its answer; every other one goes on, and is refused behind it.
final class DoorKeeper: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What it asks whether somebody is let in.
    struct Door: Sendable {
        let isShedding: @Sendable () -> Bool
        /// Lets one in, or not.
        let admits: @Sendable () -> Bool
        /// Whether somebody might have to be told something else: then he is asked about only when he was read.
        let mustRead: @Sendable () -> Bool
        /// The answer, which counts as given.
        let answer: @Sendable () -> ByteBuffer
    }

    private let door: Door
    private let connection: ConnectionGuard
    private let intents: QuickIntents
    /// Whether the decoder is between two requests, for all that is known.
    private var isAligned = true
    private var mustFlush = false

    init(_ door: Door, connection: ConnectionGuard, intents: QuickIntents) {
        self.door = door
        self.connection = connection
        self.intents = intents
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isAligned else { return context.fireChannelRead(data) }
        let request = PlainRequest(unwrapInboundIn(data))
        isAligned = request != nil
        guard let request, request.isIntent, door.isShedding(), connection.isQuiet,
            context.channel.isWritable
        else { return context.fireChannelRead(data) }
        guard !door.mustRead() else {
            intents.isShedding = true
            context.fireChannelRead(data)
            intents.isShedding = false
            return
        }
        guard !door.admits() else { return context.fireChannelRead(data) }
        connection.touch()
        context.write(wrapOutboundOut(door.answer()), promise: nil)
        mustFlush = true
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if mustFlush {
            mustFlush = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }
}
