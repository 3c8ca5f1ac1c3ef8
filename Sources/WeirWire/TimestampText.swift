import WeirCore

extension Timestamp {
    /// The moment as RFC 3339 in UTC with six digits behind the second, `2026-11-21T09:30:00.000000Z`.
    ///
    /// Valid from the year 0000 to 9999; a moment outside is shown as the nearest one inside.
    public var rfc3339: String {
        let clamped = min(max(microseconds, Self.earliest), Self.latest)
        let seconds = clamped.floorDivided(by: 1_000_000)
        let fraction = clamped - seconds * 1_000_000
        let days = seconds.floorDivided(by: 86_400)
        let second = seconds - days * 86_400
        let (year, month, day) = civil(days)
        return String(unsafeUninitializedCapacity: 27) { text in
            var position = 0
            func put(_ number: Int64, _ width: Int, _ after: UInt8) {
                var rest = number
                for place in (position..<position + width).reversed() {
                    text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                text[position + width] = after
                position += width + 1
            }
            put(year, 4, UInt8(ascii: "-"))
            put(month, 2, UInt8(ascii: "-"))
            put(day, 2, UInt8(ascii: "T"))
            put(second / 3600, 2, UInt8(ascii: ":"))
            put(second / 60 % 60, 2, UInt8(ascii: ":"))
            put(second % 60, 2, UInt8(ascii: "."))
            put(fraction, 6, UInt8(ascii: "Z"))
            return position
        }
    }

    /// Reads RFC 3339 in UTC (`Z`), with up to six digits behind the second; nil for anything else.
    public init?(rfc3339 text: String) {
        var text = text
        guard let moment = text.withUTF8({ Timestamp(rfc3339: UnsafeRawBufferPointer($0)) }) else {
            return nil
        }
        self = moment
    }

    /// The same from the text's bytes.
    init?(rfc3339 bytes: UnsafeRawBufferPointer) {
        @inline(__always) func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            var sum: Int64 = 0
            for place in range {
                let digit = bytes[place] &- UInt8(ascii: "0")
                guard digit < 10 else { return nil }
                sum = sum * 10 + Int64(digit)
            }
            return sum
        }
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"), bytes[4] == UInt8(ascii: "-"),
            bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 20 {
            let digits = bytes.count - 21
            guard bytes[19] == UInt8(ascii: "."), (1...6).contains(digits),
                let shown = number(20..<20 + digits)
            else { return nil }
            fraction = (digits..<6).reduce(shown) { sum, _ in sum * 10 }
        }
        let days = dayNumber(year, month, day)
        // Every month has 28 days.
        guard day <= 28 || civil(days) == (year, month, day) else { return nil }
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    private static let earliest = dayNumber(0, 1, 1) * 86_400_000_000
    private static let latest = dayNumber(10_000, 1, 1) * 86_400_000_000 - 1
}

/// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar: years begin in March, so that
/// the leap day is a year's last, and 400 years have 146,097 days.
private func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}

/// The inverse of ``civil(_:)``.
private func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let marchYear = month <= 2 ? year - 1 : year
    let era = marchYear.floorDivided(by: 400)
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
