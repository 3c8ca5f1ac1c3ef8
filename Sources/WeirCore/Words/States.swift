/// Where an intent stands after its decision. Before it an intent is `queued`, which no row ever says.
public enum IntentState: String, Sendable, CaseIterable {
    /// Units are set aside until a deadline. Exits: confirmed, cancelled, expired.
    case reserved
    /// Sold. Exit: cancelled, which gives the units back.
    case confirmed
    /// Given up; its units are free again. No exit.
    case cancelled
    /// The deadline passed; its units are free again. Exit: confirmed, if stock can be taken again.
    case expired
    /// Never had a unit. No exit.
    case rejected
    /// Waits in line for units. Exits: reserved, confirmed, cancelled.
    case waitlisted
    /// Promised out of stock to come. Exits: reserved, confirmed, cancelled.
    case backordered
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
}

/// What to do with an intent when there are too few units.
public enum ShortageRule: String, Sendable, CaseIterable {
    case reject
}

/// Why a command was refused: an expected answer, not an error of the machinery.
public enum Refusal: String, Sendable, CaseIterable {
    /// No intent has this token under this SKU.
    case unknownToken = "unknown_token"
    /// The SKU was never defined.
    case unknownSKU = "unknown_sku"
    /// The intent's state has no way to where the command wants it.
    case wrongState = "wrong_state"
    /// A late confirm found too few units: the money must go back.
    case shortfall
    /// The adjustment would take units that are held or sold.
    case belowCommitted = "below_committed"
    /// The adjustment would stock more than ``StockLimit/stocked`` permits.
    case stockLimit = "stock_limit"
    /// The command id is known with another content.
    case commandConflict = "command_conflict"
}
