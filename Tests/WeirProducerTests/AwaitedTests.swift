import AMQPClient
import Synchronization
import Testing

@testable import WeirProducer

/// A value that is set once: whoever asks for it is told, once.
@Suite struct AwaitedTests {
    @Test func whoAsksBeforeAndWhoAsksAfterwardsAreToldOnce() async {
        let awaited = Awaited<Int>()
        let heard = Mutex<[String]>([])
        func listen(_ name: String) {
            awaited.whenFinished { value in heard.withLock { $0.append("\(name)\(value)") } }
        }
        listen("a")
        listen("b")
        async let task = awaited.value
        listen("c")
        #expect(heard.withLock { $0 } == [] && awaited.current == nil)
        awaited.finish(1)
        awaited.finish(2)
        #expect(heard.withLock { $0 } == ["a1", "b1", "c1"] && awaited.current == 1)
        // There is a value: it is told at once.
        listen("d")
        #expect(heard.withLock { $0.last } == "d1")
        #expect(await task == 1)
    }

    @Test func nobodyIsForgottenAndNobodyToldTwiceWhoComesAtTheSameMoment() async {
        let calls = await offAsyncThreads { () -> [Int] in
            (0..<500).map { round in
                let awaited = Awaited<Int>()
                let calls = Atomic(0)
                let other = DedicatedThread(name: "other") { awaited.finish(round) }
                for _ in 0..<3 {
                    awaited.whenFinished { if $0 == round { calls.wrappingAdd(1, ordering: .relaxed) } }
                }
                other.join()
                return calls.load(ordering: .relaxed)
            }
        }
        #expect(calls == Array(repeating: 3, count: 500))
    }
}
