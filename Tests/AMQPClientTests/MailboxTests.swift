import AMQPClient
import Glibc
import Synchronization
import Testing

@Suite struct MailboxTests {
    private func isReadable(_ mailbox: Mailbox<Int>) -> Bool {
        var descriptor = pollfd(fd: mailbox.fileDescriptor, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) == 1
    }

    @Test func descriptorIsReadableWhileThereIsSomething() {
        let mailbox = Mailbox<Int>()
        #expect(!isReadable(mailbox))
        #expect(mailbox.put(1) == .accepted)
        #expect(mailbox.put(2) == .accepted)
        #expect(isReadable(mailbox))
        #expect(mailbox.take(upTo: 1) == [1])
        #expect(isReadable(mailbox))
        #expect(mailbox.take() == [2])
        #expect(!isReadable(mailbox))
    }

    @Test func fullRefusesAndTakesAgainAfterwards() {
        let mailbox = Mailbox<Int>(limit: 3)
        #expect(mailbox.put(contentsOf: [1, 2]) == 2)
        #expect(mailbox.put(contentsOf: [3, 4]) == 1)
        #expect(mailbox.put(5) == .full)
        #expect(mailbox.take(while: { $0 < 3 }) == [1, 2])
        #expect(mailbox.put(6) == .accepted)
        #expect(mailbox.take() == [3, 6])
    }

    @Test func closedRefusesButStillGivesAndReopens() {
        let mailbox = Mailbox<Int>()
        _ = mailbox.put(1)
        mailbox.close()
        #expect(mailbox.put(2) == .closed)
        #expect(mailbox.put(contentsOf: [2]) == 0)
        #expect(mailbox.take(waiting: .seconds(60)) == [1])
        #expect(mailbox.take(waiting: .seconds(60)).isEmpty)
        mailbox.reopen()
        #expect(mailbox.put(3) == .accepted)
        #expect(mailbox.take() == [3])
    }

    @Test func closeWakesAWaitingThread() async throws {
        let mailbox = Mailbox<Int>()
        async let taken = onThread { mailbox.take(waiting: .seconds(60)) }
        mailbox.close()
        #expect(try await taken.isEmpty)
    }

    @Test func wakeAndTimeEndAWait() {
        let mailbox = Mailbox<Int>()
        mailbox.wake()
        mailbox.wait(.seconds(60))
        #expect(mailbox.take(waiting: .milliseconds(1)).isEmpty)
        #expect(!mailbox.isClosed)
    }

    @Test func manyProducersLoseNothingAndKeepTheirOrder() async throws {
        let mailbox = Mailbox<(producer: Int, number: Int)>(limit: 100)
        let (producers, each) = (8, 5000)
        let consumer = Task {
            try await onThread {
                var next = Array(repeating: 0, count: producers)
                var total = 0
                while total < producers * each {
                    for item in mailbox.take(upTo: 64, waiting: .seconds(30)) {
                        guard next[item.producer] == item.number else { throw TestFailure("out of order") }
                        next[item.producer] += 1
                        total += 1
                    }
                }
                return total
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for producer in 0..<producers {
                group.addTask {
                    for number in 0..<each {
                        while mailbox.put((producer, number)) == .full { await Task.yield() }
                    }
                }
            }
        }
        #expect(try await consumer.value == producers * each)
        #expect(mailbox.count == 0)
    }

    @Test func threadRunsOnALargeStackAndJoinsOnce() async throws {
        let touched = Mutex(0)
        let thread = DedicatedThread(name: "a rather long thread name") {
            withUnsafeTemporaryAllocation(byteCount: 12 << 20, alignment: 16) { buffer in
                buffer.initializeMemory(as: UInt8.self, repeating: 7)
                touched.withLock { $0 = Int(buffer[(12 << 20) - 1]) }
            }
        }
        try await onThread {
            thread.join()
            thread.join()
        }
        #expect(touched.withLock { $0 } == 7)
        #expect(!thread.isCurrent)
    }
}
