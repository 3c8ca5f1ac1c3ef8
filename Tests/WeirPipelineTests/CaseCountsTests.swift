import Testing
import WeirCore
import WeirPipeline

/// Counting by place must agree with the order that the names are listed in.
@Suite struct CaseCountsTests {
    @Test func everyCaseStandsAtItsPlace() {
        #expect(IntentState.allCases.map(\.place) == Array(0..<IntentState.allCases.count))
        #expect(RejectionReason.allCases.map(\.place) == Array(0..<RejectionReason.allCases.count))
    }

    @Test func countsComeInTheOrderOfTheCases() {
        var counts = StateCounts()
        for state in [IntentState.rejected, .reserved, .rejected] { counts.count(state) }
        #expect(counts.inOrder == [1, 0, 0, 0, 2, 0, 0])
    }
}
