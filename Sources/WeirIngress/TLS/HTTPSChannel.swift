import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore

/// A connection that speaks HTTPS, and tells a client who speaks HTTP that it should not.
struct HTTPSChannel: ServerChildChannel {
    let secured: TLSChannel<KeptChannel>

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(PlainHTTPRefusal())
        }.flatMap {
            secured.setup(channel: channel, logger: logger)
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await secured.handle(value: value, logger: logger)
    }
}

/// Looks at the first byte of a connection: a TLS handshake is let through, everything else is told where it is.
final class PlainHTTPRefusal: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The type of a handshake record (RFC 8446, 5.1).
    private static let handshake: UInt8 = 22
    private var hasAnswered = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasAnswered else { return }
        let bytes = unwrapInboundIn(data)
        guard let first = bytes.readableBytesView.first, first != Self.handshake else {
            context.fireChannelRead(data)
            if !bytes.readableBytesView.isEmpty {
                context.pipeline.syncOperations.removeHandler(self, promise: nil)
            }
            return
        }
        hasAnswered = true
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Self.answer)), promise: nil)
        context.close(mode: .all, promise: nil)
    }

    private static let answer: [UInt8] = {
        let body = Problem(.httpsOnly, "this port speaks HTTPS only; begin the URL with https://").body
        let head = [
            "HTTP/1.1 \(ProblemKind.httpsOnly.status) Bad Request", "Content-Type: application/problem+json",
            "Content-Length: \(body.count)", "Connection: close", "", "",
        ]
        return Array(head.joined(separator: "\r\n").utf8) + body
    }()
}

extension ProblemKind {
    static let httpsOnly = Self(
        400, "https-only", "This port speaks HTTPS",
        means:
            "The request came as plain HTTP to a port that speaks HTTPS only. Nobody has read it, but it has "
            + "travelled unencrypted, and its credential with it.",
        remedy: "Begin the URL with https://. If a credential was sent, have it replaced.")
}
