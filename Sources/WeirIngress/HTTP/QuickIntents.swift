import DequeModule
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Answers plain requests for an intent where they arrive: nothing is awoken for them but the event loop itself, neither
/// when they are refused at once nor when they wait for the broker and for their outcome. A task for each, and handing
/// it the parts of a request and taking those of the answer from it, would cost more than all that is done for it.
///
/// A small request is held back until its body is there, which it nearly always is at once. What is out of the ordinary
/// goes on as it came, and is answered behind this handler by the same rules: a request while one that went on is not
/// answered, one that asks for the end of its connection, one from a client that does not take its answers.
///
/// One request waits here at a time. Whatever comes after it, requests and the end of the connection alike, is kept
/// ``later`` until it is answered, so that no answer overtakes another; when much is kept, the connection is not read.
final class QuickIntents: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The largest body that is held back.
    static let largestBody = 2_048
    /// With so many parts of later requests the connection is read no further.
    private static let mostLater = 32

    /// Whether what arrives at this moment comes while the server sheds load, and nobody has asked whether it is let in.
    var isShedding = false

    private struct Held {
        let head: HTTPRequest
        var body: ByteBuffer?
    }

    /// What comes after a request that waits.
    private enum Later {
        case part(HTTPRequestPart)
        case event(Any)
        case error(any Error)
    }

    private let handler: RequestHandler
    private let loop: EventLoopExecutor
    private let connection: ConnectionGuard
    private let plain: PlainIntent.Limits
    private var held: Held?
    /// The request that waits for its answer here.
    private var waiting: UInt64?
    private var later: Deque<Later> = []
    private var mustRead = false
    /// Requests that went on and are not answered.
    private var unanswered = 0
    private var mustFlush = false
    /// Nil unless it has its place in a connection.
    private var context: ChannelHandlerContext?
    /// The place behind which nobody turns answers into bytes.
    private var wire: ChannelHandlerContext?

    init(_ handler: RequestHandler, on loop: EventLoopExecutor, connection: ConnectionGuard) {
        self.handler = handler
        self.loop = loop
        self.connection = connection
        plain = PlainIntent.Limits(
            headBytes: handler.settings.largestHead, fields: handler.settings.headerFieldLimit)
    }

    /// Says where its answers go, before anything is read: the place of what turns others' answers into bytes.
    func open(wire: ChannelHandlerContext) { self.wire = wire }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        wire = nil
    }

    // MARK: What arrives

    /// Takes a request in that nothing has read yet, while no other one is under way; false when it has to be decoded.
    ///
    /// - Parameter bytes: exactly one request, for which ``PlainRequest/isIntent`` holds.
    func takes(_ bytes: ByteBuffer) -> Bool {
        guard let context, let intent = PlainIntent(bytes, plain) else { return false }
        connection.noteRequest()
        begin(intent.fields, intent.body, context)
        return true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if waiting == nil { take(part, context) } else { later.append(.part(part)) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush(context)
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        mustRead = waiting != nil && later.count > Self.mostLater
        if !mustRead { context.read() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    // Whoever waits behind must see what there was of a request before it learns that there will be no more, and what
    // ends the connection must not end it before the answer to what came earlier.

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard waiting == nil else { return later.append(.error(error)) }
        release(context)
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        let isEnd = if case ChannelEvent.inputClosed? = event as? ChannelEvent { true } else { false }
        let isLast = isEnd || event is ChannelShouldQuiesceEvent
        guard waiting == nil || !isLast else { return later.append(.event(event)) }
        if isLast { release(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let waiting {
            // What it has sent is decided all the same; nobody is there to be told.
            self.waiting = nil
            handler.desk.dismiss(waiting)
        }
        later = []
        release(context)
        context.fireChannelInactive()
    }

    // MARK: One request after the other

    private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head) where unanswered == 0 && Self.mayHold(head) && context.channel.isWritable:
            held = Held(head: head)
        case .body(let bytes) where held != nil && held?.body == nil:
            held?.body = bytes
        case .end(nil):
            guard let held, let body = held.body else { fallthrough }
            self.held = nil
            begin(held.head.headerFields, body, context)
        case .head, .body, .end:
            release(context)
            pass(part, context)
        }
    }

    private static func mayHold(_ head: HTTPRequest) -> Bool {
        guard head.method == .post, head.path == Target.intentsPath,
            let length = head.headerFields[.contentLength].flatMap({ Int($0) })
        else { return false }
        return (1...largestBody).contains(length) && head.headerFields[.expect] == nil
            && head.headerFields[.connection].map { $0.lowercased() == "keep-alive" } ?? true
    }

    private func release(_ context: ChannelHandlerContext) {
        guard let held else { return }
        self.held = nil
        pass(.head(held.head), context)
        if let body = held.body { pass(.body(body), context) }
    }

    private func pass(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        if case .head = part { unanswered += 1 }
        context.fireChannelRead(wrapInboundOut(part))
    }

    private func begin(_ fields: HTTPFields, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        switch handler.receive(fields, body, isShedding: isShedding) {
        case .answered(let answer): write(answer)
        case .begun(let errand):
            let id = errand.id
            waiting = id
            let own = NIOLoopBound(self, eventLoop: context.eventLoop)
            handler.whenAnswered(errand, on: loop, isWanted: { own.value.waiting == id }) {
                own.value.end(id, $0)
            }
        }
    }

    /// Answers the request that waits, and goes on with what came after it.
    private func end(_ id: UInt64, _ answer: Answer) {
        guard waiting == id, let context else { return }
        waiting = nil
        write(answer)
        flush(context)
        guard mustRead || !later.isEmpty else { return }
        while waiting == nil, let next = later.popFirst() {
            switch next {
            case .part(let part): take(part, context)
            case .event(let event): userInboundEventTriggered(context: context, event: event)
            case .error(let error): errorCaught(context: context, error: error)
            }
        }
        channelReadComplete(context: context)
        if mustRead { read(context: context) }
    }

    private func write(_ answer: Answer) {
        connection.noteAnswer()
        wire?.write(NIOAny(answer.bytes), promise: nil)
        mustFlush = true
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard mustFlush else { return }
        mustFlush = false
        context.flush()
    }
}
