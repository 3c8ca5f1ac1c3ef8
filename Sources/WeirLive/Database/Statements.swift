import PostgresClient
import WeirTopology

extension Query {
    /// A query of the topology with its values.
    init(_ sql: SQLText, _ binds: [Bind] = []) {
        self.init(Statement(name: sql.name, sql: sql.text), binds)
    }
}

/// The classes of Weir's advisory locks: the first of their two keys.
package enum LockClass {
    /// One for each partition: "WEIR".
    package static let partition: Int32 = 0x5745_4952
    /// One for each worker process: "WEIW".
    package static let worker: Int32 = 0x5745_4957
    /// One, of the worker that drains `weir.dead`: "WEID".
    static let drain: Int32 = 0x5745_4944
    /// One for each dead letter that is being replayed: "WEIL".
    static let letter: Int32 = 0x5745_494C
    /// One for each run of a replay: "WEIY".
    static let replay: Int32 = 0x5745_4959
    /// Held while a prune runs: "WEIP".
    static let prune: Int32 = 0x5745_4950
    /// Held while migrations run: "WEIM".
    static let migration: Int32 = 0x5745_494D
}
