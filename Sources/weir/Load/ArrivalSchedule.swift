/// When each request of an open loop is due: request `k` at start + k / rate, whatever the server does.
///
/// The moments are computed, never added up, so that no rounding moves the later ones.
struct ArrivalSchedule: Sendable, Hashable {
    /// Requests per second.
    let rate: Double
    /// How many requests there are.
    let count: Int

    /// So many requests.
    init(rate: Double, count: Int) {
        self.rate = rate
        self.count = count
    }

    /// As many requests as are due before so many seconds have passed.
    init(rate: Double, seconds: Double) {
        // A product such as 0.1 * 30 is a hair above 3, and must not become 4.
        self.init(rate: rate, count: Int((rate * seconds - 1e-9).rounded(.up)))
    }

    /// How long after the start request `number`, counted from 0, is due.
    func due(_ number: Int) -> Duration {
        .nanoseconds(Int64((Double(number) / rate * 1e9).rounded()))
    }
}
