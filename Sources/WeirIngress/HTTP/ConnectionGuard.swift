import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Keeps one connection within bounds of time, and answers what is no HTTP.
///
/// Hummingbird's idle time-out starts again with every byte; here a whole request has a deadline, so that a client
/// that sends a byte now and then is ended too. Its place is next to the codec: it sees whole parts only, and a head
/// that never ends counts as idleness.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long each stage may take.
    struct Limits: Sendable {
        /// Between requests, up to the end of the next one's head.
        var idle: TimeAmount
        /// From the end of a head to the end of the body.
        var reading: TimeAmount
        /// From the end of a request to the end of its answer; more than any answer needs.
        var answering: TimeAmount
        /// For the rest of a request that is answered already, and for a client that was told to go.
        var lingering: TimeAmount = .seconds(2)
        /// How many connections are served; one more is told so, and closed.
        var connections = Int.max
    }

    private let limits: Limits
    private let register: ConnectionRegister
    /// Heads whose body has not ended.
    private var isReading = false
    /// Requests whose answer has not ended.
    private var unanswered = 0
    private var isAnswerBegun = false
    /// Whether the answer is a stream, which may last as long as its client takes what is sent.
    private var isStream = false
    private var isEnding = false
    /// Whether the decoder has refused what came: it reads nothing any more, and nothing may pass it by.
    private var isBroken = false
    /// Whether there were enough connections when this one came.
    private var isOneTooMany = false
    private var deadline = NIODeadline.distantFuture
    private var alarm: Scheduled<Void>?
    private var alarmAt = NIODeadline.distantFuture
    /// Nil unless it has its place in a connection.
    private var context: ChannelHandlerContext?

    init(_ limits: Limits, register: ConnectionRegister) {
        self.limits = limits
        self.register = register
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isOneTooMany = register.add(context.channel) > limits.connections
        extend(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelInactive(context: ChannelHandlerContext) {
        alarm?.cancel()
        alarm = nil
        register.remove(context.channel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnding else { return }
        switch unwrapInboundIn(data) {
        case .head where isOneTooMany:
            register.countRefusal()
            return end(context, with: Self.tooManyConnections)
        case .head:
            unanswered += 1
            isReading = true
            extend(context)
        case .body: break
        case .end:
            isReading = false
            extend(context)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        // An informational head is no answer yet.
        case .head(let head):
            isAnswerBegun = head.status.code >= 200
            isStream = head.headerFields[.contentType] == Answer.MediaType.eventStream.rawValue
        case .body:
            // Nothing is written to a client that takes nothing: then this deadline ends it.
            if isStream { extend(context) }
        case .end:
            noteAnswer()
        }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError { isBroken = true }
        // In the middle of other requests the answer would come out of turn: their reader ends the connection.
        guard let error = error as? HTTPParserError, unanswered == 0, !isEnding else {
            return context.fireErrorCaught(error)
        }
        if case .headerOverflow = error {
            end(
                context,
                with: Problem(
                    .headTooLarge, "the path and the header fields are too large or too many; send less"))
        } else {
            end(context, with: Problem(.malformedRequest, "the request is not valid HTTP/1.1; correct it"))
        }
    }

    static let tooManyConnections = Problem(
        .overloaded, "the server has as many connections as it serves; nothing was accepted, come back later")

    // MARK: What does not come by here

    /// A whole request has come that it has not seen.
    func noteRequest() {
        unanswered += 1
        touch()
    }

    /// A request was answered to its end.
    func noteAnswer() {
        unanswered -= 1
        isAnswerBegun = false
        isStream = false
        touch()
    }

    /// Whether it has seen the end of every request and of every answer, and lets the next one come.
    var isQuiet: Bool { unanswered == 0 && !isReading && !isEnding && !isBroken && !isOneTooMany }

    /// Something was asked or answered, which it need not have seen.
    func touch() {
        if let context { extend(context) }
    }

    // MARK: Time

    private func extend(_ context: ChannelHandlerContext) {
        guard !isEnding else { return }
        let time: TimeAmount =
            if isOneTooMany {
                limits.lingering
            } else if isReading {
                unanswered == 0 ? limits.lingering : limits.reading
            } else {
                unanswered == 0 ? limits.idle : limits.answering
            }
        deadline = context.eventLoop.now + time
        arm(context)
    }

    /// An alarm that comes too early looks at the deadline and sets itself again, which is cheaper than a new one
    /// for every request.
    private func arm(_ context: ChannelHandlerContext) {
        if alarm != nil, alarmAt <= deadline { return }
        alarm?.cancel()
        alarmAt = deadline
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        alarm = context.eventLoop.scheduleTask(deadline: deadline) {
            let (handler, context) = bound.value
            handler.alarm = nil
            handler.lookAtTheClock(context)
        }
    }

    private func lookAtTheClock(_ context: ChannelHandlerContext) {
        guard deadline <= context.eventLoop.now else { return arm(context) }
        guard !isEnding, isReading, unanswered == 1, !isAnswerBegun else {
            return context.close(promise: nil)
        }
        end(
            context,
            with: Problem(
                .requestTimeout,
                "the request did not arrive within \(limits.reading.nanoseconds / 1_000_000_000) s; send it faster"
            ))
    }

    /// Says why, closes our half, and leaves the client a moment to read it: a close with unread input would
    /// destroy the answer on its way.
    private func end(_ context: ChannelHandlerContext, with problem: Problem) {
        isEnding = true
        let answer = Answer(problem)
        var head = answer.head
        head.headerFields[.connection] = "close"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: answer.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(mode: .output, promise: nil)
        deadline = context.eventLoop.now + limits.lingering
        arm(context)
    }
}
