import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Answers the unlucky where they arrive: a request for an intent that the gate or the door refuses gets its answer from
/// the connection itself, and no task is woken for it. That makes a refusal cheaper than anything else that the server
/// does, which matters most when it has most to do.
///
/// A small request is held back until its body is there, which it nearly always is at once. What is not refused goes on
/// as it came, and is looked at anew behind it. So does everything that is out of the ordinary: a request while the
/// one before it is not answered, one that asks for the end of its connection, one from a client that does not take its
/// answers.
final class QuickRefusals: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The largest body that is held back.
    static let largestBody = 2_048

    /// What refuses; nil when the request has to go its way.
    typealias Refuse = @Sendable (HTTPRequest, ByteBuffer, _ isShedding: Bool) -> Answer?

    /// Whether what arrives at this moment comes while the server sheds load, and nobody has asked whether it is let in.
    var isShedding = false

    private struct Held {
        let head: HTTPRequest
        var body: ByteBuffer?
    }

    private let refuse: Refuse
    private var held: Held?
    /// Requests that went on and are not answered.
    private var unanswered = 0
    private var mustFlush = false

    init(_ refuse: @escaping Refuse) { self.refuse = refuse }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head) where unanswered == 0 && Self.mayHold(head) && context.channel.isWritable:
            held = Held(head: head)
        case .body(let bytes) where held != nil && held?.body == nil:
            held?.body = bytes
        case .end(nil):
            guard let held, let body = held.body, let answer = refuse(held.head, body, isShedding) else {
                fallthrough
            }
            self.held = nil
            write(answer, context)
        case .head, .body, .end:
            release(context)
            pass(context, data)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if mustFlush {
            mustFlush = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    // Whoever waits behind must see what there was of a request before it learns that there will be no more.

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        release(context)
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { release(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        release(context)
        context.fireChannelInactive()
    }

    private static func mayHold(_ head: HTTPRequest) -> Bool {
        guard head.method == .post, head.path == "/v1/intents",
            let length = head.headerFields[.contentLength].flatMap({ Int($0) })
        else { return false }
        return (1...largestBody).contains(length) && head.headerFields[.expect] == nil
            && head.headerFields[.connection].map { $0.lowercased() == "keep-alive" } ?? true
    }

    private func release(_ context: ChannelHandlerContext) {
        guard let held else { return }
        self.held = nil
        pass(context, wrapInboundOut(.head(held.head)))
        if let body = held.body { pass(context, wrapInboundOut(.body(body))) }
    }

    private func pass(_ context: ChannelHandlerContext, _ data: NIOAny) {
        if case .head = unwrapInboundIn(data) { unanswered += 1 }
        context.fireChannelRead(data)
    }

    private func write(_ answer: Answer, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: answer.body))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        mustFlush = true
    }
}
