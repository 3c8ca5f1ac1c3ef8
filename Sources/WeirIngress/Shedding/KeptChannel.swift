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
            let intents = try pipeline.handler(type: QuickIntents.self)
            let keeper = DoorKeeper(
                door, connection: try pipeline.handler(type: ConnectionGuard.self), intents: intents)
            // It stands before the decoder, and what it answers does not come by here.
            let encoder = try pipeline.context(handlerType: HTTPResponseEncoder.self)
            intents.open(wire: encoder)
            try pipeline.addHandler(
                keeper, position: .before(try pipeline.handler(type: HTTPResponseEncoder.self)))
            return value
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }
}
