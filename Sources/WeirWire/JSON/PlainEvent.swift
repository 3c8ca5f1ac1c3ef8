import WeirCore

extension Happening {
    /// Reads an intent's event as ``body(partition:)`` writes nearly all of them, without taking the JSON apart first:
    /// otherwise most of an audit's time is reading. Nil for anything else, which ``init(type:body:)`` has to read.
    ///
    /// What it accepts it reads in the same way; a test compares them.
    ///
    /// - Parameters:
    ///   - type: the event's type.
    ///   - body: the event's body.
    ///   - sku: the SKU that the body must name; nil when it may name any.
    public init?(plain type: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer, of sku: SKU? = nil) {
        var reader = PlainEventReader(body)
        guard let event = reader.event(of: sku) else { return nil }
        if type.spells("weir.intent.", reader.status, ".v1") {
            self = .intent(event.intent, from: event.from, stock: event.stock)
        } else if type.spells("weir.intent.extended.v1"), let stock = event.stock {
            self = .extended(event.intent, stock: stock)
        } else if type.spells("weir.intent.returned.v1"), let stock = event.stock, let units = event.units,
            Quantity.range.contains(units)
        {
            self = .returned(event.intent, units: units, stock: stock)
        } else {
            return nil
        }
    }
}

extension Happening {
    /// The same, of a body that may name any SKU.
    public init?(plain type: String, _ body: [UInt8]) {
        var type = type
        let happening = type.withUTF8 { type in
            body.withUnsafeBytes { Happening(plain: UnsafeRawBufferPointer(type), body: $0) }
        }
        guard let happening else { return nil }
        self = happening
    }
}

private struct PlainEvent {
    let intent: Intent
    let from: IntentState?
    let units: Int64?
    let stock: Stock?
}

/// Walks through a body member by member, in the order in which they are written.
private struct PlainEventReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// The bytes that name the state.
    private(set) var status = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func event(of expected: SKU?) -> PlainEvent? {
        guard skip("{\"token\":"), let token = token(), skip(",\"sku\":"), let name = string(),
            let sku = sku(name, expected), skip(",\"quantity\":"), let quantity = number(),
            Quantity.range.contains(quantity), skip(",\"buyer\":"), let buyer = string(),
            (1...Buyer.longest).contains(buyer.count)
        else { return nil }
        var (onShortage, replaces) = (ShortageRule?.none, Token?.none)
        if skip(",\"on_shortage\":") {
            guard let rule = rule() else { return nil }
            onShortage = rule
        }
        if skip(",\"replaces\":") {
            guard let older = string(), isToken(older) else { return nil }
            replaces = Token(unchecked: text(older))
        }
        guard skip(",\"status\":") else { return nil }
        let start = position + 1
        guard let state = self.state() else { return nil }
        status = part(start..<position - 1)
        var reason: RejectionReason?
        if skip(",\"reason\":") {
            guard let word = self.reason() else { return nil }
            reason = word
        }
        guard let returned = optionalNumber(",\"returned\":"), let holdUntil = moment(",\"hold_until\":"),
            let place = optionalNumber(",\"place\":"), let availableFrom = moment(",\"available_from\":"),
            let grantedAt = moment(",\"granted_at\":"), let decision = moment(",\"decided_at\":"),
            let decidedAt = decision.value, returned.value ?? 0 >= 0, place.value ?? 0 >= 0
        else { return nil }
        var from: IntentState?
        if skip(",\"previous_status\":") {
            guard let state = self.state() else { return nil }
            from = state
        }
        guard let units = optionalNumber(",\"units\":"), let stock = stock(of: sku), skip("}"),
            position == bytes.count
        else { return nil }
        let intent = Intent(
            token: token, sku: sku, quantity: Quantity(unchecked: quantity),
            buyer: Buyer(unchecked: text(buyer)), onShortage: onShortage, replaces: replaces, state: state,
            reason: reason, holdUntil: holdUntil.value, decidedAt: decidedAt, place: place.value,
            grantedAt: grantedAt.value, availableFrom: availableFrom.value, returned: returned.value ?? 0)
        return PlainEvent(intent: intent, from: from, units: units.value, stock: stock.value)
    }

    /// Something that may be absent; where this is nil itself, it is there and wrong.
    private struct Optionally<Value> { let value: Value? }

    private mutating func stock(of sku: SKU) -> Optionally<Stock>? {
        guard skip(",\"available\":") else { return Optionally(value: nil) }
        guard let available = number(), skip(",\"stock\":{\"stocked\":"), let stocked = number(),
            skip(",\"held\":"), let held = number(), skip(",\"sold\":"), let sold = number(),
            let waitlisted = optionalNumber(",\"waitlisted\":"),
            let backordered = optionalNumber(",\"backordered\":"), skip(",\"version\":"),
            let version = number(), skip("}")
        else { return nil }
        return Optionally(
            value: Stock(
                sku: sku, stocked: stocked, available: available, held: held, sold: sold,
                waitlisted: waitlisted.value ?? 0, backordered: backordered.value ?? 0, version: version,
                policy: SKUPolicy()))
    }

    // MARK: Values

    private func sku(_ name: Range<Int>, _ expected: SKU?) -> SKU? {
        guard let expected else { return SKU(text(name)) }
        return part(name).spells(expected.text) ? expected : nil
    }

    /// A client's token, or one of an order's line.
    private mutating func token() -> Token? {
        guard let range = string() else { return nil }
        if isToken(range) { return Token(unchecked: text(range)) }
        let token = Token(unchecked: text(range))
        guard let line = token.line, Token(line.order.text) != nil else { return nil }
        return .line(line.number, of: line.order)
    }

    private mutating func optionalNumber(_ name: StaticString) -> Optionally<Int64>? {
        guard skip(name) else { return Optionally(value: nil) }
        return number().map { Optionally(value: $0) }
    }

    private mutating func moment(_ name: StaticString) -> Optionally<Timestamp>? {
        guard skip(name) else { return Optionally(value: nil) }
        guard let range = string(), let moment = Timestamp(rfc3339: part(range)) else { return nil }
        return Optionally(value: moment)
    }

    /// At most 18 digits, which cannot overflow, and no zero before others or behind a minus.
    private mutating func number() -> Int64? {
        let isNegative = position < bytes.count && bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let start = position
        var sum: Int64 = 0
        while position < bytes.count, position - start < 19 {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            sum = sum &* 10 &+ Int64(digit)
            position += 1
        }
        let digits = position - start
        guard (1...18).contains(digits) else { return nil }
        if bytes[start] == UInt8(ascii: "0"), digits > 1 || isNegative { return nil }
        return isNegative ? -sum : sum
    }

    // What is not spelled out here is left to the general reader.

    private mutating func state() -> IntentState? {
        if skip("\"reserved\"") { return .reserved }
        if skip("\"confirmed\"") { return .confirmed }
        if skip("\"rejected\"") { return .rejected }
        if skip("\"cancelled\"") { return .cancelled }
        if skip("\"expired\"") { return .expired }
        if skip("\"waitlisted\"") { return .waitlisted }
        return skip("\"backordered\"") ? .backordered : nil
    }

    private mutating func reason() -> RejectionReason? {
        if skip("\"sold_out\"") { return .soldOut }
        if skip("\"quantity_limit\"") { return .quantityLimit }
        if skip("\"buyer_limit\"") { return .buyerLimit }
        if skip("\"unknown_sku\"") { return .unknownSKU }
        return skip("\"order_incomplete\"") ? .orderIncomplete : nil
    }

    private mutating func rule() -> ShortageRule? {
        if skip("\"waitlist\"") { return .waitlist }
        if skip("\"backorder\"") { return .backorder }
        return skip("\"reject\"") ? .reject : nil
    }

    /// The place of a string in quotes, of printable ASCII without escapes.
    private mutating func string() -> Range<Int>? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
        let start = position + 1
        position = start
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return start..<position - 1
            }
            guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") else { return nil }
            position += 1
        }
        return nil
    }

    private func isToken(_ range: Range<Int>) -> Bool {
        guard (1...Token.longest).contains(range.count), Permitted.first.contains(bytes[range.lowerBound])
        else { return false }
        let permitted = Permitted.token
        for place in range where !permitted.contains(bytes[place]) { return false }
        return true
    }

    // MARK: Bytes

    @inline(__always)
    private mutating func skip(_ literal: StaticString) -> Bool {
        guard bytes.begin(with: literal, at: position) else { return false }
        position += literal.utf8CodeUnitCount
        return true
    }

    private func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: part(range), as: UTF8.self) }
}

/// A set of ASCII characters, a bit for each.
private struct Permitted {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ permits: (UInt8) -> Bool) {
        for byte in UInt8(0)..<64 {
            if permits(byte) { low |= 1 << UInt64(byte) }
            if permits(byte + 64) { high |= 1 << UInt64(byte) }
        }
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        (byte & 64 == 0 ? low : high) >> UInt64(byte & 63) & 1 == 1 && byte < 128
    }

    static let token = Permitted(Token.permits)
    /// What a token begins with.
    static let first = Permitted { Token(String(UnicodeScalar($0))) != nil }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are exactly this text.
    fileprivate func spells(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { $0.count == count && begin(with: UnsafeRawBufferPointer($0), at: 0) }
    }

    /// Whether the bytes are exactly this text.
    fileprivate func spells(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && begin(with: text, at: 0)
    }

    /// Whether the bytes are exactly these three texts.
    fileprivate func spells(
        _ before: StaticString, _ middle: UnsafeRawBufferPointer, _ after: StaticString
    ) -> Bool {
        let (start, end) = (before.utf8CodeUnitCount, before.utf8CodeUnitCount + middle.count)
        return count == end + after.utf8CodeUnitCount && begin(with: before, at: 0)
            && begin(with: middle, at: start) && begin(with: after, at: end)
    }

    @inline(__always)
    fileprivate func begin(with text: StaticString, at start: Int) -> Bool {
        begin(
            with: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), at: start)
    }

    /// Whether these bytes stand there; compared eight at a time.
    @inline(__always)
    fileprivate func begin(with text: UnsafeRawBufferPointer, at start: Int) -> Bool {
        guard count - start >= text.count else { return false }
        guard let here = baseAddress, let there = text.baseAddress else { return text.isEmpty }
        var offset = 0
        while offset + 8 <= text.count {
            let one = here.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self)
            guard one == there.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else { return false }
            offset += 8
        }
        while offset < text.count {
            let one = here.load(fromByteOffset: start + offset, as: UInt8.self)
            guard one == there.load(fromByteOffset: offset, as: UInt8.self) else { return false }
            offset += 1
        }
        return true
    }
}
