import WeirCore

/// Several bodies in one message, a line each (newline-delimited JSON), for messages that go the same way at the
/// same time anyway.
///
/// A bundle is only a way to travel: each line is treated like a message of its own with the properties of the
/// bundle, apart from what the headers say of each line.
public enum Bundle {
    /// The AMQP property `type` of a bundle of submits of one partition.
    public static let submits = "weir.intent.submit-bundle.v1"
    /// The AMQP property `type` of a bundle of outcomes for one ingress.
    public static let outcomes = "weir.outcome-bundle.v1"
    /// The AMQP property `content_type` of a bundle.
    public static let contentType = "application/x-ndjson"
    /// The header with the lines' correlation ids, separated by commas. Without it every line has the bundle's.
    public static let correlationHeader = "x-weir-correlation-ids"
    /// The header with the lines' `traceparent`s, separated by commas, nothing where a line has none. Without it every
    /// line has the bundle's.
    public static let traceHeader = "x-weir-traceparents"
    /// The header with the lines' types, separated by commas, in a bundle of outcomes.
    public static let typeHeader = "x-weir-types"
    /// The most lines of a bundle.
    public static let most = 500
    /// The largest bundle in bytes.
    public static let largestBody = 1 << 20

    /// The body of a bundle of these bodies, which hold no line breaks.
    public static func body(of bodies: [[UInt8]]) -> [UInt8] {
        var bundle: [UInt8] = []
        bundle.reserveCapacity(bodies.reduce(0) { $0 + $1.count + 1 })
        for body in bodies {
            bundle += body
            bundle.append(UInt8(ascii: "\n"))
        }
        return bundle
    }

    /// The lines of a bundle; nil when it has none, too many, or too many bytes.
    public static func lines(of body: [UInt8]) -> [[UInt8]]? {
        guard body.count <= largestBody else { return nil }
        var lines: [[UInt8]] = []
        body.withUnsafeBytes { bytes in
            bytes.forEachPart(separatedBy: UInt8(ascii: "\n")) { part in
                guard !part.isEmpty else { return true }
                lines.append(Array(part))
                return lines.count <= most
            }
        }
        return (1...most).contains(lines.count) ? lines : nil
    }

    /// What a header says of each of so many lines; nil when it does not fit them.
    public static func values(_ header: String, count: Int) -> [String]? {
        var values: [String] = []
        values.reserveCapacity(count)
        var header = header
        header.withUTF8 { text in
            UnsafeRawBufferPointer(text).forEachPart(separatedBy: UInt8(ascii: ",")) { part in
                values.append(String(decoding: part, as: UTF8.self))
                return values.count <= count
            }
        }
        return values.count == count ? values : nil
    }

    /// Why a bundle of submits could not be taken apart.
    static var refusal: WireRefusal {
        WireRefusal(
            .tooLarge, at: nil,
            "a bundle must hold 1 to \(most) lines and at most \(largestBody) bytes; send several, or single submits"
        )
    }
}

extension UnsafeRawBufferPointer {
    /// Hands over what lies before, between and behind the separators, in order, until `take` says no.
    fileprivate func forEachPart(separatedBy separator: UInt8, _ take: (UnsafeRawBufferPointer) -> Bool) {
        var start = 0
        for position in 0...count where position == count || self[position] == separator {
            guard take(UnsafeRawBufferPointer(rebasing: self[start..<position])) else { return }
            start = position + 1
        }
    }
}
