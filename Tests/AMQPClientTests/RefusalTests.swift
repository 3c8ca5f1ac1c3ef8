import Testing

@testable import AMQPClient

/// When nothing but refusals comes, a new connection asks anew.
@Suite struct RefusalTests {
    private static let second: UInt64 = 1_000_000_000

    private func message(_ key: String) -> OutgoingMessage {
        OutgoingMessage(exchange: "e", routingKey: key, body: [])
    }

    @Test func aRouteIsHopelessAfterTenSecondsOfRefusalsAndAfterThirtyWhileOthersWait() {
        var refusals = Refusals()
        refusals.note(message("a"), isConfirmed: false, at: 5 * Self.second)
        refusals.note(message("a"), isConfirmed: false, at: 12 * Self.second)
        #expect(refusals.hopeless(at: 14 * Self.second, isBusy: false) == nil)
        #expect(refusals.hopeless(at: 15 * Self.second, isBusy: false) == "a")
        #expect(refusals.hopeless(at: 34 * Self.second, isBusy: true) == nil)
        #expect(refusals.hopeless(at: 35 * Self.second, isBusy: true) == "a")
    }

    @Test func aConfirmOfTheSameRouteEndsItAndOneOfAnotherDoesNot() {
        var refusals = Refusals()
        refusals.note(message("a"), isConfirmed: false, at: 0)
        refusals.note(message("b"), isConfirmed: true, at: 0)
        #expect(refusals.hopeless(at: 10 * Self.second, isBusy: false) == "a")
        refusals.note(message("a"), isConfirmed: true, at: 0)
        #expect(refusals.hopeless(at: 10 * Self.second, isBusy: false) == nil)
    }
}
