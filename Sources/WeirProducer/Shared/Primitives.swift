import Glibc

/// Nanoseconds of a clock that nobody sets.
package func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// A number in lower-case hexadecimal digits.
package func hexadecimal(_ number: UInt64, digits: Int = 1) -> String {
    let text = String(number, radix: 16)
    return text.utf8.count >= digits ? text : String(repeating: "0", count: digits - text.utf8.count) + text
}
