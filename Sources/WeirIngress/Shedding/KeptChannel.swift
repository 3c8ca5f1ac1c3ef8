import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// A connection that speaks HTTP, with a ``DoorKeeper`` before its decoder.
struct KeptChannel: ServerChildChannel {
    let http: HTTP1Channel
    let door: DoorKeeper.Door

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        http.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let keeper = DoorKeeper(
                door, connection: try pipeline.handler(type: ConnectionGuard.self),
                refusals: try pipeline.handler(type: QuickRefusals.self))
            // It stands before the decoder, and what it answers does not come by here.
            let encoder = try pipeline.handler(type: HTTPResponseEncoder.self)
            try pipeline.addHandler(keeper, position: .before(encoder))
            return value
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }
}
