/// The parts of an `amqp://` URL, decoded.
///
/// Written by hand because `amqp_parse_url` writes into its argument and accepts unknown queries in silence.
struct AMQPAddress: Equatable {
    var user = "guest"
    var password = "guest"
    var host: String
    var port: Int32 = 5672
    var vhost = "/"

    /// Parses `amqp://[user[:password]@]host[:port][/vhost]`.
    ///
    /// No error repeats the URL, which holds a password.
    init(_ url: String) throws(AMQPError) {
        guard let schemeEnd = url.firstIndex(of: ":"), url[schemeEnd...].hasPrefix("://") else {
            throw Self.malformed("does not start with amqp://")
        }
        switch url[..<schemeEnd].lowercased() {
        case "amqp": break
        case "amqps":
            throw AMQPError(.invalid, "TLS (amqps://) is not supported yet: use amqp:// on a trusted network")
        default: throw Self.malformed("does not start with amqp://")
        }
        var rest = url[url.index(schemeEnd, offsetBy: 3)...]
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw Self.malformed("has a query or fragment, which is not understood")
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
        (host, port) = try Self.hostAndPort(rest)
    }

    private static func hostAndPort(_ text: Substring) throws(AMQPError) -> (String, Int32) {
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
        guard let portText else { return (try decode(host, "host"), 5672) }
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
