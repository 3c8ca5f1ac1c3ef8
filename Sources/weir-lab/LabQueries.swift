import PostgresClient

/// The SQL of what Weir is compared with; Weir's own lives in its topology.
enum LabQueries {
    static let head = text(PackageResources.lab_head_sql)

    // Scripts
    static let shop = text(PackageResources.lab_shop_sql)
    static let orderOnce = text(PackageResources.lab_order_once_sql)
    static let orderIndex = text(PackageResources.lab_order_index_sql)
    static let prepare = text(PackageResources.lab_prepare_sql)
    static let commitPrepared = text(PackageResources.lab_commit_prepared_sql)
    static let rollbackPrepared = text(PackageResources.lab_rollback_prepared_sql)

    static let history = text(PackageResources.lab_history_sql)
    static let historyBegin = text(PackageResources.lab_history_begin_sql)
    static let historyEnd = text(PackageResources.lab_history_end_sql)

    static let pastBegin = text(PackageResources.lab_past_begin_sql)
    static let pastEnd = text(PackageResources.lab_past_end_sql)
    static let checkpoint = text(PackageResources.lab_checkpoint_sql)

    // Statements
    static let heads = statement("heads", PackageResources.lab_heads_sql)
    static let sold = statement("sold", PackageResources.lab_sold_sql)
    static let databaseSize = statement("database_size", PackageResources.lab_database_size_sql)
    static let drainStock = statement("drain_stock", PackageResources.lab_drain_stock_sql)
    static let pastEvents = statement("past_events", PackageResources.lab_past_events_sql)
    static let pastIntents = statement("past_intents", PackageResources.lab_past_intents_sql)
    static let sizes = statement("sizes", PackageResources.lab_sizes_sql)
    static let historyCount = statement("history_count", PackageResources.lab_history_count_sql)
    static let historySkus = statement("history_skus", PackageResources.lab_history_skus_sql)
    static let begin = statement("begin", PackageResources.lab_begin_sql)
    static let beginSerializable = statement("begin", PackageResources.lab_begin_serializable_sql)
    static let commit = statement("commit", PackageResources.lab_commit_sql)
    static let rollback = statement("rollback", PackageResources.lab_rollback_sql)
    static let known = statement("known", PackageResources.lab_known_sql)
    static let order = statement("order", PackageResources.lab_order_sql)
    static let look = statement("look", PackageResources.lab_look_sql)
    static let lookLocked = statement("look_locked", PackageResources.lab_look_locked_sql)
    static let write = statement("write", PackageResources.lab_write_sql)
    static let take = statement("take", PackageResources.lab_take_sql)
    static let takeVersion = statement("take_version", PackageResources.lab_take_version_sql)
    static let conditionalUpdate = statement("conditional", PackageResources.lab_conditional_update_sql)
    static let prepared = statement("prepared", PackageResources.lab_prepared_sql)
    static let endSessions = statement("end_sessions", PackageResources.lab_end_sessions_sql)
    static let persist = statement("persist", PackageResources.lab_persist_sql)
    static let bucketFill = statement("bucket_fill", PackageResources.lab_bucket_fill_sql)
    static let bucketEmpty = statement("bucket_empty", PackageResources.lab_bucket_empty_sql)
    static let stockUp = statement("stock_up", PackageResources.lab_stock_up_sql)
    static let books = statement("books", PackageResources.lab_books_sql)
    static let orders = statement("orders", PackageResources.lab_orders_sql)
    static let weirBooks = statement("books", PackageResources.lab_weir_books_sql)
    static let weirOrders = statement("orders", PackageResources.lab_weir_orders_sql)

    static let chaosCut = text(PackageResources.chaos_cut_sql)
    static let chaosHistories = text(PackageResources.chaos_histories_sql)
    static let chaosDead = text(PackageResources.chaos_dead_sql)
    static let chaosLog = text(PackageResources.chaos_log_sql)
    static let chaosLag = text(PackageResources.chaos_lag_sql)
    static let chaosOrders = text(PackageResources.chaos_orders_sql)

    static let wal = statement("wal", PackageResources.lab_wal_sql)
    static let waits = statement("waits", PackageResources.lab_waits_sql)

    static let crowd = statement("crowd", PackageResources.lab_crowd_sql)
    static let last = statement("last", PackageResources.lab_last_sql)

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func statement(_ name: String, _ bytes: [UInt8]) -> Statement {
        Statement(name: name, sql: text(bytes))
    }
}
