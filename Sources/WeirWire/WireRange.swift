/// The numbers that events are read with: far more than any that was written, and so few that a sum of some of them is
/// still a number, whoever has written them.
enum WireRange {
    static let any = -(Int64(1) << 60)...(Int64(1) << 60)
    static let notNegative = 0...(Int64(1) << 60)
    static let positive = 1...(Int64(1) << 60)
}
