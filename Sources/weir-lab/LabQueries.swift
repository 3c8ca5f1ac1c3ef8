/// The SQL of what Weir is compared with; Weir's own lives in its topology.
enum LabQueries {
    static let head = text(PackageResources.lab_head_sql)
    static let shop = text(PackageResources.lab_shop_sql)
    static let begin = text(PackageResources.lab_begin_sql)
    static let commit = text(PackageResources.lab_commit_sql)
    static let take = text(PackageResources.lab_take_sql)
    static let order = text(PackageResources.lab_order_sql)
    static let conditionalUpdate = text(PackageResources.lab_conditional_update_sql)

    static let chaosCut = text(PackageResources.chaos_cut_sql)
    static let chaosHistories = text(PackageResources.chaos_histories_sql)
    static let chaosDead = text(PackageResources.chaos_dead_sql)
    static let chaosLog = text(PackageResources.chaos_log_sql)
    static let chaosLag = text(PackageResources.chaos_lag_sql)

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
