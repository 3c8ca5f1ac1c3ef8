import NIOCore
import Synchronization

/// The open connections, so that a shutdown whose time is over can cut those that do not end by themselves.
final class ConnectionRegister: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    var count: Int { channels.withLock { $0.count } }

    /// Connections that were told that there are too many.
    private let refusals = Atomic(0)
    var refused: Int { refusals.load(ordering: .relaxed) }

    /// Adds one; returns how many there are now.
    func add(_ channel: any Channel) -> Int {
        channels.withLock { channels in
            channels[ObjectIdentifier(channel)] = channel
            return channels.count
        }
    }

    func countRefusal() { refusals.wrappingAdd(1, ordering: .relaxed) }

    func remove(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = nil } }

    func cutAll() {
        let all = channels.withLock { Array($0.values) }
        for channel in all { channel.close(mode: .all, promise: nil) }
    }
}
