import Foundation
import Testing
import WeirCore
import WeirWire

/// A moment is RFC 3339 in UTC, from the year 0 to 9999.
@Suite struct TimestampTests {
    private static let earliest: Int64 = -62_167_219_200_000_000
    private static let latest: Int64 = 253_402_300_799_999_999

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (1_795_253_400_000_000, "2026-11-21T09:30:00.000000Z"),
        (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        (earliest, "0000-01-01T00:00:00.000000Z"), (latest, "9999-12-31T23:59:59.999999Z"),
    ])
    func knownMomentsAreShown(_ microseconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test func everyMomentReadsAsItWasShown() {
        var random = SplitMix64(seed: 21)
        for _ in 0..<20_000 {
            let moment = random.moment()
            #expect(Timestamp(rfc3339: moment.rfc3339) == moment)
        }
    }

    @Test func momentsAreShownInTheirOrder() {
        var random = SplitMix64(seed: 22)
        let moments = (0..<2_000).map { _ in random.moment() }.sorted()
        #expect(moments.map(\.rfc3339) == moments.map(\.rfc3339).sorted())
    }

    @Test func everyDayOfFourCenturiesFollowsTheOneBefore() {
        var (year, month, day) = (1800, 1, 1)
        guard let start = Timestamp(rfc3339: "1800-01-01T00:00:00Z") else { Issue.record("start"); return }
        for number in 0..<146_097 {
            let text = start.adding(seconds: Int64(number) * 86_400).rfc3339
            let expected =
                "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)T00:00:00.000000Z"
            guard text == expected else {
                Issue.record("\(text) instead of \(expected)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            day += 1
            if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
    }

    @Test func momentsBeyondTheCalendarAreShownAsTheNearestOne() {
        for microseconds in [Int64.min, Self.earliest - 1, -100_000_000_000_000_000] {
            #expect(Timestamp(microseconds: microseconds).rfc3339 == "0000-01-01T00:00:00.000000Z")
        }
        for microseconds in [Int64.max, Self.latest + 1] {
            #expect(Timestamp(microseconds: microseconds).rfc3339 == "9999-12-31T23:59:59.999999Z")
        }
    }

    @Test(arguments: [
        ("2026-11-21T09:30:00Z", Int64(0)), ("2026-11-21T09:30:00.1Z", 100_000),
        ("2026-11-21T09:30:00.12Z", 120_000), ("2026-11-21T09:30:00.000001Z", 1),
        ("2026-11-21T09:30:00.999999Z", 999_999), ("2026-11-21T09:30:00.0Z", 0),
    ])
    func upToSixDigitsStandBehindTheSecond(_ text: String, _ fraction: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == 1_795_253_400_000_000 + fraction)
    }

    @Test(arguments: ["2024-02-29", "2000-02-29", "1600-02-29", "0000-02-29", "2026-12-31", "2026-01-31"])
    func daysThatExistAreRead(_ day: String) {
        #expect(Timestamp(rfc3339: day + "T00:00:00Z")?.rfc3339.hasPrefix(day) ?? false)
    }

    @Test(arguments: [
        "2026-02-29", "1900-02-29", "2100-02-29", "2026-02-30", "2026-04-31", "2026-06-31", "2026-09-31",
        "2026-11-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32",
    ])
    func daysThatDoNotExistAreRefused(_ day: String) {
        #expect(Timestamp(rfc3339: day + "T00:00:00Z") == nil)
    }

    @Test(arguments: [
        "", "Z", "2026-11-21", "2026-11-21T09:30:00", "2026-11-21T09:30Z", "2026-11-21t09:30:00Z",
        "2026-11-21T09:30:00z", "2026-11-21 09:30:00Z", "2026-11-21T09:30:00+00:00", "2026-11-21T24:00:00Z",
        "2026-11-21T09:60:00Z", "2026-11-21T09:30:60Z", "2026-11-21T09:30:00.Z",
        "2026-11-21T09:30:00.1234567Z",
        "2026-11-21T09:30:00,5Z", "26-11-21T09:30:00.00Z", "12026-11-21T09:30:00Z", "-026-11-21T09:30:00Z",
        "+026-11-21T09:30:00Z", "2026-1-21T09:30:00.00Z", "2026-11-21T9:30:00.000Z",
        "2026-11-21T09:30:00.-1Z",
        "２026-11-21T09:30:00Z", "2026-11-21T09:30:00ZZ", " 2026-11-21T09:30:00Z", "2026-11-21T09:30:00Z\n",
        "2026:11:21T09:30:00Z", "2026-11-21T09-30-00Z",
    ])
    func otherFormsAreRefused(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func foundationAgreesOnTheCalendar() throws {
        var random = SplitMix64(seed: 23)
        // After the reform of 1582, from which on Foundation counts in the same calendar.
        for _ in 0..<300 {
            let seconds = random.number(in: -12_000_000_000...253_402_300_799)
            let text = Timestamp(microseconds: seconds * 1_000_000).rfc3339
            let date = try Date(
                text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            #expect(Int64(date.timeIntervalSince1970.rounded()) == seconds, "\(text)")
        }
    }
}
