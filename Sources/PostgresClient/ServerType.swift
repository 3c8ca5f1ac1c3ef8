import CPostgreSQL

/// Object identifiers of the built-in types (`pg_type.dat` in the server's source; they never change).
enum ServerType {
    static let unknown: Oid = 0
    static let bool: Oid = 16
    static let bytes: Oid = 17
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let timestamp: Oid = 1184

    static let bools: Oid = 1000
    static let byteStrings: Oid = 1001
    static let int2s: Oid = 1005
    static let int4s: Oid = 1007
    static let texts: Oid = 1009
    static let int8s: Oid = 1016
    static let timestamps: Oid = 1185
}

extension Bind {
    /// The type that the server is told. A NULL has none: the server takes it from the place.
    var serverType: Oid {
        switch self {
        case .null: ServerType.unknown
        case .bool: ServerType.bool
        case .int2: ServerType.int2
        case .int4: ServerType.int4
        case .int8: ServerType.int8
        case .text: ServerType.text
        case .bytes: ServerType.bytes
        case .timestamp: ServerType.timestamp
        case .bools: ServerType.bools
        case .int2s: ServerType.int2s
        case .int4s, .optionalInt4s: ServerType.int4s
        case .int8s, .optionalInt8s: ServerType.int8s
        case .texts, .optionalTexts: ServerType.texts
        case .textBytes: ServerType.texts
        case .byteStrings: ServerType.byteStrings
        case .timestamps, .optionalTimestamps: ServerType.timestamps
        }
    }
}
