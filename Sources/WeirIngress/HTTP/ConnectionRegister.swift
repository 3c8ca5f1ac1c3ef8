import NIOCore
import Synchronization

/// The open connections, so that a shutdown whose time is over can cut those that do not end by themselves.
final class ConnectionRegister: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    var count: Int { channels.withLock { $0.count } }

    func add(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = channel } }

    func remove(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = nil } }

    func cutAll() {
        let all = channels.withLock { Array($0.values) }
        for channel in all { channel.close(mode: .all, promise: nil) }
    }
}
