/// What Weir measures: one name, one meaning, whatever backend records it.
///
/// Labels are `partition`, `outcome`, `cause` and `link`, never a SKU, a buyer or a token: their number is bounded.
public struct MetricName: Sendable, Hashable {
    /// What kind of number it is.
    public enum Kind: String, Sendable {
        /// Only grows, from 0 at the start of the process.
        case counter
        /// Goes up and down.
        case gauge
        /// A distribution.
        case histogram
    }

    /// As a backend shows it. Times are in seconds.
    public let name: String
    /// What kind of number it is.
    public let kind: Kind
    /// One sentence.
    public let help: String

    private init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }

    // MARK: The ingress

    public static let accepted = Self(
        "weir_intents_accepted_total", .counter, "Intents that the broker has taken charge of, by partition.")
    public static let commandsAccepted = Self(
        "weir_commands_accepted_total", .counter,
        "Other commands that the broker has taken charge of, by partition.")
    public static let refused = Self(
        "weir_requests_refused_total", .counter,
        "Requests that were answered with a problem, by its kind as cause.")
    public static let gateRejections = Self(
        "weir_gate_rejections_total", .counter, "Intents that the sold-out gate refused at the door.")
    public static let outcomeSeconds = Self(
        "weir_outcome_seconds", .histogram, "From the arrival of an intent whose client waits to its outcome."
    )
    public static let waiting = Self("weir_requests_waiting", .gauge, "Requests that wait for an outcome.")
    public static let publishing = Self("weir_publishes_in_flight", .gauge, "Publishes without a confirm.")

    // MARK: Workers

    public static let decided = Self(
        "weir_intents_decided_total", .counter, "Intents that were decided, by partition and outcome.")
    public static let rejected = Self(
        "weir_intents_rejected_total", .counter,
        "Intents that were rejected, by partition and reason as cause.")
    public static let changed = Self(
        "weir_intents_changed_total", .counter,
        "Decided intents that came into another state, by partition and outcome.")
    public static let events = Self("weir_events_total", .counter, "Events written to the log, by partition.")
    public static let batchSize = Self(
        "weir_batch_size", .histogram, "Commands of a batch that was committed, by partition.")
    public static let commitSeconds = Self(
        "weir_commit_seconds", .histogram, "How long a batch's transaction took, by partition.")
    public static let deadLetters = Self(
        "weir_dead_letters_total", .counter, "Messages that became dead letters, by reason as cause.")
    public static let deadLettersOpen = Self(
        "weir_dead_letters_open", .gauge, "Dead letters that a person has to look at.")
    public static let owned = Self("weir_partitions_owned", .gauge, "Partitions that this process owns.")
    public static let cursorLag = Self(
        "weir_cursor_lag", .gauge, "Events that are committed and not known to be published, by partition.")
    public static let holdsDue = Self(
        "weir_holds_due", .gauge, "Holds whose time is over and that are not expired yet, by partition.")

    // MARK: Both

    public static let queueDepth = Self(
        "weir_queue_depth", .gauge, "Messages that are ready in a partition's queue, by partition.")
    public static let reconnects = Self(
        "weir_reconnects_total", .counter, "How often a connection was lost and made again, by link.")

    /// All of them.
    public static let all = [
        accepted, commandsAccepted, refused, gateRejections, outcomeSeconds, waiting, publishing, decided,
        rejected,
        changed, events, batchSize, commitSeconds, deadLetters, deadLettersOpen, owned, cursorLag, holdsDue,
        queueDepth, reconnects,
    ]
}
