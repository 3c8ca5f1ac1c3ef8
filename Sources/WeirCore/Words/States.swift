/// Where an intent stands after its decision. Before it an intent is `queued`, which no row ever says.
public enum IntentState: String, Sendable, CaseIterable {
    /// Units are set aside until a deadline. Exits: confirmed, cancelled, expired.
    case reserved
    /// Sold. Exit: cancelled, which gives the units back.
    case confirmed
    /// Given up; its units are free again. No exit.
    case cancelled
    /// The deadline passed; its units are free again. Exits: confirmed, if stock can be taken again, and cancelled,
    /// when another intent replaces it.
    case expired
    /// Never had a unit. No exit.
    case rejected
    /// Waits in line for units. Exits: reserved, confirmed, cancelled.
    case waitlisted
    /// Promised out of stock to come. Exits: reserved, confirmed, cancelled.
    case backordered

    /// Whether an intent in this state has units that nobody else can have.
    public var isClaim: Bool { self == .reserved || self == .confirmed }
    /// Whether an intent in this state stands in line for units.
    public var isInLine: Bool { self == .waitlisted || self == .backordered }
    /// Whether the units of an intent in this state count for its buyer's limit: what he waits for may become his.
    public var counts: Bool { isClaim || isInLine }
}

/// Why an intent was rejected.
public enum RejectionReason: String, Sendable, CaseIterable {
    case soldOut = "sold_out"
    case unknownSKU = "unknown_sku"
    case quantityLimit = "quantity_limit"
    case buyerLimit = "buyer_limit"
    case notOnSale = "not_on_sale"
    case orderIncomplete = "order_incomplete"
    case discarded
    /// The intent that it names in `replaces` is not the same buyer's, or is sold already.
    case notReplaceable = "not_replaceable"
}

/// What to do with an intent when there are too few units, in order of what is promised.
public enum ShortageRule: String, Sendable, CaseIterable, Comparable {
    /// Nothing: it is sold out.
    case reject
    /// It waits in line for units that come free.
    case waitlist
    /// It is promised units of the stock to come.
    case backorder

    public static func < (left: ShortageRule, right: ShortageRule) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .reject: 0
        case .waitlist: 1
        case .backorder: 2
        }
    }
}

/// A threshold of the units on offer that a SKU went through.
public enum Crossing: String, Sendable, CaseIterable {
    /// From above ``SKUPolicy/lowStockAt`` to it or below.
    case lowStock = "low_stock"
    /// From some units on offer to none.
    case soldOut = "sold_out"
    /// From no unit on offer to some.
    case backInStock = "back_in_stock"
}

/// Why a command was refused: an expected answer, not an error of the machinery.
public enum Refusal: String, Sendable, CaseIterable {
    /// No intent has this token under this SKU.
    case unknownToken = "unknown_token"
    /// The SKU was never defined.
    case unknownSKU = "unknown_sku"
    /// The intent's state has no way to where the command wants it.
    case wrongState = "wrong_state"
    /// A late confirm cannot take its units again: the money must go back.
    case shortfall
    /// The adjustment would take units that are held or sold.
    case belowCommitted = "below_committed"
    /// The adjustment would stock more than ``StockLimit/stocked`` permits.
    case stockLimit = "stock_limit"
    /// The SKU has another version than the one that the definition was made for.
    case versionMismatch = "version_mismatch"
    /// The hold would last longer than the SKU's policy permits.
    case holdLimit = "hold_limit"
    /// The deadline asked for lies in the past.
    case deadlinePassed = "deadline_passed"
    /// More units would be given back than the intent has.
    case tooMany = "too_many"
    /// The order's participants have not all answered yet: ask again in a moment.
    case undecided
    /// The order has no such line.
    case unknownLine = "unknown_line"
    /// Another partition coordinates the order.
    case wrongPartition = "wrong_partition"
    /// The command id is known with another content.
    case commandConflict = "command_conflict"
}
