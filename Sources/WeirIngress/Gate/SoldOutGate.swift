import Synchronization
import WeirCore
import WeirProducer

/// Knows which SKUs nobody can have at the moment, so that the flood of the unlucky is refused at the door: no look-up,
/// no message, no decision. It never accepts, and it never states an outcome.
///
/// **The rule.** An intent is refused only if a row that said "no newcomer can be served" was read from PostgreSQL at
/// most ``leaseNanoseconds`` ago, counted from before the query was sent. A query sees every commit before it; so
/// whenever an intent is refused, its SKU had nothing to give at some moment of the last second. That is the whole
/// proof that the gate is stale by at most a second after a restock, and it leans neither on the broker nor on the
/// order, the completeness or the promptness of events.
///
/// **Events only make it quick.** What they say is in order of `seq` within a SKU, which is the order of its `version`:
/// - `weir.sku.back_in_stock.v1` and `weir.sku.defined.v1` open a SKU at once, unless the row that closed it is newer;
/// - `weir.sku.sold_out.v1` closes nothing by itself, since it may come late or twice: it makes the ``GateReader`` look
///   at the row at once. `weir.sku.adjusted.v1` is not needed: an adjustment that brings something on offer is followed
///   by `back_in_stock`, and room in a line is seen by the next look at the row.
///
/// **Gaps.** The numbers of the few types that are bound are not contiguous, so a jump of `seq` says nothing. What does:
/// between two rows without units on offer there is no `sold_out`; one that is newer than the row that closed its SKU
/// proves that a `back_in_stock` was lost, and everything is read again. It is also read again when the queue was away,
/// and from time to time. A loss that nothing proves costs only time: until the row is read again, at most the lease.
///
/// While PostgreSQL is away the rows grow old and the gate opens by itself. SKUs that are asked for, or all while they
/// are few, are read again before their lease ends; of many others the first intent passes and makes the reader look.
final class SoldOutGate: Sendable {
    /// How long a row that was read holds.
    static let leaseNanoseconds: UInt64 = 1_000_000_000
    /// The most closed SKUs that are remembered; intents for further ones pass.
    static let most = 50_000
    /// The most SKUs that are asked about in one query.
    static let mostInQuery = 1_000

    /// What it did, since the start.
    struct Counts: Sendable, Equatable {
        /// Intents that it refused.
        var refused = 0
        /// Intents for a closed SKU that it let pass because the row had become too old.
        var passedUnsure = 0
        /// SKUs that are closed now.
        var closed = 0
        /// Events that proved that another one was lost.
        var gaps = 0
        /// How often all closed SKUs were read.
        var loads = 0
    }

    private struct Entry {
        var version: Int64
        /// When the query that read it was sent, in monotonic nanoseconds.
        var readAt: UInt64
        /// Whether somebody asked for it since it was handed to the reader.
        var isAskedFor = false
    }

    private struct State {
        var closed: [SKU: Entry] = [:]
        /// Closed SKUs that were asked for.
        var asked: [SKU] = []
        /// To be read at once, because an event says that they have changed.
        var urgent: Set<SKU> = []
        /// To be read with the next round, because somebody got nothing.
        var suspected: Set<SKU> = []
        /// What events have opened since a query was sent, whose rows may be older; nil when none is under way.
        var openedMeanwhile: [SKU: Int64]?
        var mustLoad = true
        var counts = Counts()

        mutating func takeAsked() -> [SKU] {
            let taken = asked.prefix(SoldOutGate.mostInQuery)
            asked.removeFirst(taken.count)
            for sku in taken { closed[sku]?.isAskedFor = false }
            return closed.count <= SoldOutGate.mostInQuery ? Array(closed.keys) : Array(taken)
        }
    }

    private let state = Mutex(State())
    /// Wakes whoever reads rows.
    private let onUrgent: @Sendable () -> Void

    init(onUrgent: @escaping @Sendable () -> Void = {}) { self.onUrgent = onUrgent }

    var counts: Counts {
        state.withLock { state in
            var counts = state.counts
            counts.closed = state.closed.count
            return counts
        }
    }

    // MARK: On the way of every intent

    /// Whether anything is closed; without it ``refuses(_:)`` says no to nobody.
    var isClosedToSome: Bool { state.withLock { !$0.closed.isEmpty } }

    /// Whether there is nothing for this intent. One that replaces an older one brings units of its own and passes.
    func refuses(_ submit: Submit) -> Bool {
        guard submit.replaces == nil else { return false }
        return state.withLock { state in
            guard let place = state.closed.index(forKey: submit.sku) else { return false }
            if !state.closed.values[place].isAskedFor {
                state.closed.values[place].isAskedFor = true
                state.asked.append(submit.sku)
            }
            guard monotonicNanoseconds() &- state.closed.values[place].readAt <= Self.leaseNanoseconds else {
                state.counts.passedUnsure += 1
                return false
            }
            state.counts.refused += 1
            return true
        }
    }

    // MARK: What events say

    /// Takes in what happened, whether it was heard by the gate's own queue or as somebody's outcome.
    func note(_ happening: Happening) {
        switch happening {
        case .defined(let stock), .crossed(.backInStock, let stock), .adjusted(let stock, _, _):
            if stock.canServeNewcomers { open(stock) } else { look(at: stock) }
        case .crossed(.soldOut, let stock):
            look(at: stock, provesLoss: true)
        case .intent(let intent, _, let stock?) where intent.reason == .soldOut:
            suspect(stock.sku)
        // These say how many units there are, but not how many of them are offered: the row will.
        case .intent(_, _, let stock?), .returned(_, _, let stock):
            if stock.available > 0 { doubt(stock) }
        case .intent, .crossed, .shortfall, .extended, .conflict, .answered, .order: break
        }
    }

    private func open(_ stock: Stock) {
        state.withLock { state in
            state.openedMeanwhile?[stock.sku] = stock.version
            if let entry = state.closed[stock.sku], entry.version < stock.version {
                state.closed[stock.sku] = nil
            }
        }
    }

    /// Opens a SKU until its row was read again.
    private func doubt(_ stock: Stock) {
        let isDoubtful = state.withLock { state in
            guard let entry = state.closed[stock.sku], entry.version < stock.version else { return false }
            state.closed[stock.sku] = nil
            state.urgent.insert(stock.sku)
            return true
        }
        if isDoubtful { onUrgent() }
    }

    private func look(at stock: Stock, provesLoss: Bool = false) {
        let isNews = state.withLock { state in
            if let entry = state.closed[stock.sku] {
                guard entry.version < stock.version else { return false }
                if provesLoss {
                    state.counts.gaps += 1
                    state.mustLoad = true
                }
            }
            // While nobody can read there is no use in remembering more.
            if state.urgent.count < Self.most { state.urgent.insert(stock.sku) }
            return true
        }
        if isNews { onUrgent() }
    }

    /// Somebody got nothing of a SKU: perhaps nobody can.
    private func suspect(_ sku: SKU) {
        state.withLock { state in
            guard state.closed[sku] == nil, state.suspected.count < Self.mostInQuery else { return }
            state.suspected.insert(sku)
        }
    }

    /// Events may have been missed: everything has to be read again.
    func distrust() {
        state.withLock { $0.mustLoad = true }
        onUrgent()
    }

    // MARK: What rows say

    /// Whether everything has to be read, by what is known here or because it is `due`; once told, it is no more.
    func takeMustLoad(orIf due: Bool) -> Bool {
        state.withLock { state in
            guard state.mustLoad || due else { return false }
            state.mustLoad = false
            state.counts.loads += 1
            return true
        }
    }

    /// Whether no further SKU would be remembered.
    var isFull: Bool { state.withLock { $0.closed.count >= Self.most } }

    /// The SKUs to read now: what is urgent, and in a `round` what somebody asked for or got nothing of, and what else
    /// is closed as far as there is room. Each of the three at most ``mostInQuery``.
    func takeDue(round: Bool) -> [SKU] {
        let (due, isMore) = state.withLock { state in
            var due = Array(state.urgent.prefix(Self.mostInQuery))
            state.urgent.subtract(due)
            if round {
                due += state.suspected
                state.suspected = []
                due += state.takeAsked()
            }
            return (due, !state.urgent.isEmpty)
        }
        if isMore { onUrgent() }
        return due
    }

    /// Says that a query is about to be sent, whose rows ``take(_:asked:readAt:)`` takes in; returns the moment.
    func beginReading() -> UInt64 {
        state.withLock { $0.openedMeanwhile = [:] }
        return monotonicNanoseconds()
    }

    /// Takes in the rows that were found. SKUs of `asked` without a row are unknown, and not for the gate.
    func take(_ rows: [Stock], asked: [SKU] = [], readAt: UInt64) {
        state.withLock { state in
            var unknown = Set(asked)
            for row in rows {
                unknown.remove(row.sku)
                if row.canServeNewcomers {
                    state.closed[row.sku] = nil
                } else if let opened = state.openedMeanwhile?[row.sku], opened >= row.version {
                    continue
                } else if state.closed[row.sku] != nil || state.closed.count < Self.most {
                    let isAskedFor = state.closed[row.sku]?.isAskedFor ?? false
                    state.closed[row.sku] = Entry(
                        version: row.version, readAt: readAt, isAskedFor: isAskedFor)
                }
            }
            for sku in unknown { state.closed[sku] = nil }
            state.openedMeanwhile = nil
        }
    }

    /// Forgets what was not read since a load began: it is closed no more.
    func endLoad(begunAt: UInt64) {
        state.withLock { state in state.closed = state.closed.filter { $0.value.readAt >= begunAt } }
    }
}
