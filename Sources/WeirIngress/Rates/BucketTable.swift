/// The buckets of many, by a number that stands for each, in bounded memory.
///
/// Two generations: a bucket that is used lives in the young one; when the time in which any bucket fills up is over,
/// the young become the old, and what was old is forgotten: nobody used it for that long, so it is full, as a bucket
/// is that nobody knows. The generations also change when the young are `most`. Then buckets may be forgotten that
/// are not full yet, of those who come seldom: more of them than there is room for do not shut anybody out.
struct BucketTable {
    let limit: RateLimit
    private let most: Int
    private var young: [UInt64: UInt64] = [:]
    private var old: [UInt64: UInt64] = [:]
    private var changesAt: UInt64 = 0

    /// - Parameter most: how many a generation may have; at most twice as many are remembered.
    init(_ limit: RateLimit, most: Int) {
        self.limit = limit
        self.most = max(1, most)
    }

    /// How many are remembered.
    var count: Int { young.count + old.count }

    /// Takes so many requests from a bucket at `now`, in monotonic nanoseconds.
    mutating func take(_ count: Int, _ key: UInt64, now: UInt64) -> RateLimit.Taken {
        if now >= changesAt { changeGenerations(now) }
        if var fullAt = young[key] {
            let taken = limit.take(count, from: &fullAt, now: now)
            young[key] = fullAt
            return taken
        }
        var fullAt = old.removeValue(forKey: key) ?? 0
        let taken = limit.take(count, from: &fullAt, now: now)
        if young.count >= most { changeGenerations(now) }
        young[key] = fullAt
        return taken
    }

    private mutating func changeGenerations(_ now: UInt64) {
        swap(&young, &old)
        young.removeAll(keepingCapacity: true)
        changesAt = now + limit.depth
    }
}
