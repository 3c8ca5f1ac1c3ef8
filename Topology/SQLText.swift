/// One `.sql` file of this folder, embedded in the binary.
public struct SQLText: Hashable, Sendable {
    /// The file's name without its ending; also the name of the prepared statement.
    public let name: String
    /// What the file says, comments included.
    public let text: String

    init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        text = String(decoding: bytes, as: UTF8.self)
    }
}

/// The steps that bring a database to what this binary needs, in their order. A step that was released
/// never changes; a new need is a new step.
public enum Migrations {
    /// Every step, the first one first.
    public static let all = [
        SQLText("m0001_start", PackageResources.m0001_start_sql),
        SQLText("m0002_stock", PackageResources.m0002_stock_sql),
        SQLText("m0004_credentials", PackageResources.m0004_credentials_sql),
        SQLText("m0005_operations", PackageResources.m0005_operations_sql),
        SQLText("m0006_traceparent", PackageResources.m0006_traceparent_sql),
        SQLText("m0007_orders", PackageResources.m0007_orders_sql),
        SQLText("m0008_prune", PackageResources.m0008_prune_sql),
        SQLText("m0009_prune_orders", PackageResources.m0009_prune_orders_sql),
    ]
}
