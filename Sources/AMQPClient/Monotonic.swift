import Glibc

/// Nanoseconds of the monotonic clock: deadlines must not jump when somebody sets the time.
enum Monotonic {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// The instant after this time has passed; a negative duration is none, an endless one is centuries.
    static func after(_ duration: Duration) -> UInt64 { now() &+ duration.clampedNanoseconds }

    /// The milliseconds to an instant for `poll`, rounded up so that nobody wakes just before it.
    static func milliseconds(until instant: UInt64, now: UInt64) -> Int32 {
        instant <= now ? 0 : Int32(clamping: (instant - now + 999_999) / 1_000_000)
    }
}

extension Duration {
    var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // Half the range, so that adding it to the clock cannot overflow.
        guard seconds < 9_000_000_000 else { return UInt64.max / 2 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
