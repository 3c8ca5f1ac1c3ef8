import Logging
import Synchronization
import Testing

@testable import AMQPClient

/// The loop that every connection for life runs in, without a server.
@Suite struct ReconnectingThreadTests {
    private struct Lost: Error {}

    @Test func itServesAgainAfterEachFailureAndIsConnectedOnlyWhileItServes() throws {
        let thread = ReconnectingThread(
            name: "test", complaint: "not connected",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let lives = Mutex(0)
        let served = Mailbox<Bool>()
        let bell = Mailbox<Never>()
        thread.start {
            let life = lives.withLock { lives in
                lives += 1
                return lives
            }
            // The first two cannot connect, the third loses its connection, the fourth stays.
            if life <= 2 { throw Lost() }
            thread.noteConnected()
            _ = served.put(thread.isConnected)
            if life == 3 { throw Lost() }
            while !thread.isStopping { bell.wait(.seconds(10)) }
        }
        #expect(served.take(upTo: 1, waiting: .seconds(10)) == [true])
        #expect(served.take(upTo: 1, waiting: .seconds(10)) == [true])
        #expect(lives.withLock { $0 } == 4)
        thread.requestStop()
        bell.close()
        thread.stop()
        #expect(!thread.isConnected)
    }

    @Test func aStopEndsAPauseAtOnce() {
        let thread = ReconnectingThread(
            name: "test", complaint: "not connected",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let failures = Mailbox<Int>()
        thread.start {
            _ = failures.put(0)
            throw Lost()
        }
        // Later pauses take seconds.
        for _ in 0..<6 { #expect(failures.take(upTo: 1, waiting: .seconds(30)).count == 1) }
        let start = ContinuousClock.now
        thread.stop()
        #expect(ContinuousClock.now - start < .seconds(1))
    }
}
