import NIOCore
import NIOHTTP1

/// Stands before the HTTP decoder of a connection, and hands plain requests for an intent to ``QuickIntents`` at once.
/// While the server sheds load it sends those of them away who are not let in: unread, with an answer that lies ready.
///
/// To read a request and to write an answer as HTTP costs twice what the system takes for the bytes. Only plain requests
/// are taken here, while none before them waits for its answer; every other one goes on, and is answered behind it.
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
        let bytes = unwrapInboundIn(data)
        let request = PlainRequest(bytes)
        isAligned = request != nil
        guard let request, request.isIntent, connection.isQuiet, context.channel.isWritable else {
            return context.fireChannelRead(data)
        }
        let isShedding = door.isShedding()
        let mustRead = isShedding && door.mustRead()
        if isShedding, !mustRead, !door.admits() {
            connection.touch()
            context.write(wrapOutboundOut(door.answer()), promise: nil)
            mustFlush = true
            return
        }
        intents.isShedding = mustRead
        if !intents.takes(bytes) { context.fireChannelRead(data) }
        intents.isShedding = false
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if mustFlush {
            mustFlush = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }
}
