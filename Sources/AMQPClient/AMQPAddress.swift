/// The parts of an `amqp://` or `amqps://` URL, decoded.
///
/// Written by hand because `amqp_parse_url` writes into its argument and accepts unknown queries in silence.
struct AMQPAddress: Equatable {
    var user = "guest"
    var password = "guest"
    var host: String
    var port: Int32 = 5672
    var vhost = "/"
    /// The file with the authorities that are trusted to name the broker; nil: the connection is not encrypted.
    var authorities: String?

    /// Parses `amqp://[user[:password]@]host[:port][/vhost]`, or the same with `amqps://` and `?cacertfile=…`.
    ///
    /// No error repeats the URL, which holds a password.
    init(_ url: String) throws(AMQPError) {
        guard let schemeEnd = url.firstIndex(of: ":"), url[schemeEnd...].hasPrefix("://") else {
            throw Self.malformed("does not start with amqp:// or amqps://")
        }
        let isSecure: Bool
        switch url[..<schemeEnd].lowercased() {
        case "amqp": isSecure = false
        case "amqps": isSecure = true
        default: throw Self.malformed("does not start with amqp:// or amqps://")
        }
        var rest = url[url.index(schemeEnd, offsetBy: 3)...]
        guard !rest.contains("#") else { throw Self.malformed("has a fragment, which means nothing here") }
        if let mark = rest.firstIndex(of: "?") {
            authorities = try Self.authorities(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        guard isSecure == (authorities != nil) else {
            throw Self.malformed(
                isSecure
                    ? "does not say whom to trust: add ?cacertfile= and the path of the file with the CA's certificate"
                    : "has a cacertfile, but amqp:// does not encrypt: write amqps://")
        }
        if let slash = rest.firstIndex(of: "/") {
            let path = rest[rest.index(after: slash)...]
            guard !path.contains("/") else {
                throw Self.malformed("has a second '/' in the virtual host: write it %2F")
            }
            // By the letter `amqp://host/` means the virtual host ''; everybody who writes it means '/'.
            if !path.isEmpty { vhost = try Self.decode(path, "virtual host") }
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            let login = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try Self.decode(login[0], "user")
            if login.count == 2 { password = try Self.decode(login[1], "password") }
            rest = rest[rest.index(after: at)...]
        }
        (host, port) = try Self.hostAndPort(rest, standard: isSecure ? 5671 : 5672)
    }

    /// The `cacertfile` of a query. Nothing else of RabbitMQ's 'URI Query Parameters' is understood, and what is not
    /// understood must not be ignored; `verify=verify_peer` says what happens anyway.
    private static func authorities(_ query: Substring) throws(AMQPError) -> String? {
        var path: String?
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? try decode(parts[1], "query") : ""
            switch parts[0] {
            case "cacertfile" where path == nil && !value.isEmpty: path = value
            case "verify" where value == "verify_peer": break
            case "verify": throw malformed("wants the broker not to be verified, which is not possible")
            default:
                // Not its name: behind an unencoded '?' stands the rest of a password.
                throw malformed("has a parameter that is not understood; understood is cacertfile, once")
            }
        }
        return path
    }

    private static func hostAndPort(
        _ text: Substring, standard: Int32
    ) throws(AMQPError) -> (String, Int32) {
        var host = text
        var portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw malformed("has no ']' after the address") }
            host = text[text.index(after: text.startIndex)..<end]
            let tail = text[text.index(after: end)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { throw malformed("has text after ']'") }
            if !tail.isEmpty { portText = tail.dropFirst() }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
        }
        guard !host.isEmpty else { throw malformed("has no host") }
        guard let portText else { return (try decode(host, "host"), standard) }
        guard let port = UInt16(portText), port > 0 else { throw malformed("has a port outside 1 to 65535") }
        return (try decode(host, "host"), Int32(port))
    }

    private static func decode(_ text: Substring, _ part: String) throws(AMQPError) -> String {
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(hexDigit), let low = iterator.next().flatMap(hexDigit)
            else {
                throw malformed("has a '%' without two hex digits in the \(part)")
            }
            bytes.append(high << 4 | low)
        }
        // The C library takes these as C strings, which a NUL would cut short.
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw malformed("has a \(part) that is not text")
        }
        return text
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func malformed(_ why: String) -> AMQPError {
        AMQPError(.invalid, "the AMQP URL \(why)")
    }
}
