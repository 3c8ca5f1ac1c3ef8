/// The SQL of what Weir is compared with; Weir's own lives in its topology.
enum LabQueries {
    static let head = text(PackageResources.lab_head_sql)
    static let shop = text(PackageResources.lab_shop_sql)
    static let begin = text(PackageResources.lab_begin_sql)
    static let commit = text(PackageResources.lab_commit_sql)
    static let take = text(PackageResources.lab_take_sql)
    static let order = text(PackageResources.lab_order_sql)
    static let crowd = text(PackageResources.lab_crowd_sql)
    static let last = text(PackageResources.lab_last_sql)
    static let conditionalUpdate = text(PackageResources.lab_conditional_update_sql)

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
