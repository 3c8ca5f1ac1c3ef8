/// PostgreSQL counts microseconds from 2000-01-01, everybody else from 1970-01-01.
/// (The manual keeps silent about binary formats; `timestamptz_send` in the server's source is the reference.)
enum Timestamp {
    private static let epochMicroseconds: Int64 = 946_684_800_000_000

    /// What the server reads for a time given in microseconds since 1970. The two ends of Int64 are its infinities on
    /// either side. A time too early for the subtraction becomes one that the server refuses (22008), and never
    /// `-infinity` by accident.
    static func toServer(_ unixMicroseconds: Int64) -> Int64 {
        if unixMicroseconds == .max || unixMicroseconds == .min { return unixMicroseconds }
        let (value, overflow) = unixMicroseconds.subtractingReportingOverflow(epochMicroseconds)
        return overflow || value == .min ? .min + 1 : value
    }

    /// Microseconds since 1970 for what the server wrote. The last years that PostgreSQL knows (after 294246) do not
    /// fit; they count as infinity.
    static func fromServer(_ value: Int64) -> Int64 {
        if value == .max || value == .min { return value }
        let (unix, overflow) = value.addingReportingOverflow(epochMicroseconds)
        return overflow ? .max : unix
    }
}
