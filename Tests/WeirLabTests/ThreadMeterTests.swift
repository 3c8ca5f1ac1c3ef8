import AMQPClient
import Foundation
import Testing

@testable import weir_lab

@Suite struct ThreadMeterTests {
    @Test func readsALineWithAnyName() throws {
        let line =
            "4711 (a) (b) R 1 4711 4711 0 -1 4194304 102 0 0 0 250 50 7 8 20 0 1 0 6394934 3133440 378"
        let read = try #require(ThreadMeter.read(line))
        #expect(read.name == "a) (b")
        #expect(read.seconds == 300 / Double(sysconf(Int32(_SC_CLK_TCK))))
    }

    @Test func refusesWhatIsNoLine() {
        #expect(ThreadMeter.read("") == nil)
        #expect(ThreadMeter.read("1 (x) R 1") == nil)
    }

    @Test func theBusyThreadComesFirst() throws {
        let meter = ThreadMeter(processes: [getpid()])
        let before = meter.seconds
        let stop = StopFlag()
        let thread = DedicatedThread(name: "lab-busy") { while !stop.isSet {} }
        defer {
            stop.set()
            thread.join()
        }
        // Other tests run beside this one, so only its time is asked for.
        let deadline = ContinuousClock.now + .seconds(60)
        var used = 0.0
        while used < 0.05, ContinuousClock.now < deadline {
            used = meter.busiest(1_000, since: before).first { $0.name == "lab-busy" }?.seconds ?? 0
            usleep(5_000)
        }
        #expect(used >= 0.05)
        let all = meter.busiest(1_000, since: before).map(\.seconds)
        #expect(all == all.sorted(by: >))
    }
}
