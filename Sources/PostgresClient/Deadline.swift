import Glibc

/// A point in time on a clock that nobody sets.
struct Deadline {
    let seconds: Int
    private let endNanoseconds: Int64

    /// At least one second from now, at most a day.
    init(secondsFromNow seconds: Int) {
        self.seconds = min(max(seconds, 1), 86_400)
        endNanoseconds = Self.now() + Int64(self.seconds) * 1_000_000_000
    }

    /// What is left, for `poll`; rounded up, so that `poll` never returns a little too early and is asked again.
    var remainingMilliseconds: Int32 {
        let left = endNanoseconds - Self.now()
        return left <= 0 ? 0 : Int32(clamping: (left + 999_999) / 1_000_000)
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
