/// Sends wishes, in one of two ways, until they are all sent or the task is cancelled.
struct LoadRun: Sendable {
    let wishes: WishList
    let attempt: Attempt
    var tally: Tally { attempt.tally }

    /// Open loop: a request that is due is sent, however slow the server is. When `maxInFlight` are under way it
    /// is dropped and counted instead: to hold it back would hide from the report that the server cannot keep up.
    ///
    /// Returns how many requests came due.
    func open(_ schedule: ArrivalSchedule, maxInFlight: Int) async -> Int {
        await withDiscardingTaskGroup { group in
            let start = ContinuousClock.now
            for number in 0..<schedule.count {
                let due = start + schedule.due(number)
                if due > .now {
                    // The tolerance of a timer is sparing with power, not with our time.
                    try? await Task.sleep(until: due, tolerance: .zero)
                }
                if Task.isCancelled { return number }
                let wish = wishes[number]
                guard tally.begin(late: .now - due, duplicate: wish.isDuplicate, limit: maxInFlight) else {
                    continue
                }
                group.addTask { await attempt.send(wish, due: due) }
            }
            return schedule.count
        }
    }

    /// Closed loop: `clients` clients, each of which sends its next wish when it has an answer to the last. A slow
    /// server is asked less, so the latencies look better than they are under a given arrival rate.
    func closed(clients: Int, count: Int?, until deadline: ContinuousClock.Instant?) async {
        let numbers = Counter()
        await withDiscardingTaskGroup { group in
            for _ in 0..<clients {
                group.addTask {
                    while !Task.isCancelled, deadline.map({ .now < $0 }) ?? true {
                        let number = numbers.next()
                        if let count, number >= count { return }
                        let wish = wishes[number]
                        _ = tally.begin(late: .zero, duplicate: wish.isDuplicate, limit: .max)
                        await attempt.send(wish, due: .now)
                    }
                }
            }
        }
    }
}
