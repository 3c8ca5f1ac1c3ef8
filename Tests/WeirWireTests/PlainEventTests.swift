import Foundation
import Testing
import WeirCore

@testable import WeirWire

/// The quick reader of an intent's event says what the general one says, or nothing.
@Suite struct PlainEventTests {
    private func plain(_ type: String, _ body: [UInt8], _ sku: SKU) -> Happening? {
        Array(type.utf8).withUnsafeBytes { type in
            body.withUnsafeBytes { Happening(plain: type, body: $0, of: sku) }
        }
    }

    @Test func whatShopsWriteAllDayIsReadQuickly() throws {
        var words = SplitMix64(seed: 6)
        for state in IntentState.allCases {
            for from in [nil] + IntentState.allCases.map(Optional.some) {
                let happening = Happening.intent(words.usual(state), from: from, stock: words.usualStock())
                let found = plain(happening.type, happening.body(partition: 3), words.item)
                #expect(found == happening)
            }
        }
        let (intent, stock) = (words.usual(.reserved), words.usualStock())
        let line = Intent(
            token: .line(3, of: Token(unchecked: "order-1")), sku: words.item, quantity: intent.quantity,
            buyer: intent.buyer, state: .reserved, decidedAt: intent.decidedAt)
        for happening in [
            Happening.extended(intent, stock: stock),
            .returned(words.usual(.confirmed), units: 1, stock: stock),
            .intent(line, from: nil, stock: stock),
            .intent(words.usual(.rejected, .soldOut), from: nil, stock: nil),
        ] {
            #expect(plain(happening.type, happening.body(partition: 3), words.item) == happening)
        }
    }

    @Test func everyKindOfEventIsReadAlikeOrLeftToTheGeneralReader() throws {
        var words = SplitMix64(seed: 7)
        var (read, left) = (0, 0)
        for _ in 0..<3_000 {
            let happening = words.event()
            let body = happening.body(partition: 3)
            guard let found = plain(happening.type, body, happening.sku ?? words.item) else {
                left += 1
                continue
            }
            read += 1
            let general = try Happening(type: happening.type, body: body)
            #expect(found == general, "\(String(decoding: body, as: UTF8.self))")
            #expect(Happening(plain: happening.type, body) == general)
            // Another SKU's event is none of its SKU.
            #expect(plain(happening.type, body, SKU(unchecked: "other")) == nil)
        }
        #expect(read > 300 && left > 300)
    }

    /// A sum of numbers that somebody forged must still be a number.
    @Test(arguments: ["stocked", "available", "held", "sold", "version"])
    func aNumberBeyondAllMeasureIsRefused(_ name: String) throws {
        var words = SplitMix64(seed: 10)
        let happening = Happening.intent(words.usual(.reserved), from: nil, stock: words.usualStock())
        let text = String(decoding: happening.body(partition: 3), as: UTF8.self)
        let place = try #require(text.range(of: "\"\(name)\":"))
        for number in ["9223372036854775807", "-9223372036854775808", "1152921504606846977"] {
            let rest = text[place.upperBound...].drop { $0.isNumber || $0 == "-" }
            let body = Array((text[..<place.upperBound] + number + rest).utf8)
            #expect(throws: WireRefusal.self) { try Happening(type: happening.type, body: body) }
            #expect(plain(happening.type, body, words.item) == nil)
        }
    }

    @Test func whatIsDamagedIsReadAlikeOrNotAtAll() throws {
        var (words, random) = (SplitMix64(seed: 8), SplitMix64(seed: 9))
        var (both, ofAny) = (0, 0)
        for _ in 0..<20_000 {
            let happening = words.event()
            guard let sku = happening.sku else { continue }
            var body = happening.body(partition: 3)
            for _ in 0...Int.random(in: 0..<2, using: &random) where !body.isEmpty {
                let place = Int.random(in: 0..<body.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: body.remove(at: place)
                case 1: body.insert(UInt8.random(in: 0...255, using: &random), at: place)
                case 2: body[place] = UInt8(ascii: "0") + UInt8.random(in: 0..<10, using: &random)
                default: body[place] = UInt8.random(in: 0x20..<0x7F, using: &random)
                }
            }
            let type = Bool.random(using: &random) ? happening.type : words.event().type
            if let found = Happening(plain: type, body) {
                ofAny += 1
                let general = try Happening(type: type, body: body)
                #expect(found == general, "\(String(decoding: body, as: UTF8.self))")
            }
            guard let found = plain(type, body, sku) else { continue }
            both += 1
            let general = try Happening(type: type, body: body)
            #expect(found == general, "\(String(decoding: body, as: UTF8.self))")
        }
        #expect(both > 100 && ofAny > both)
    }
}

extension SplitMix64 {
    fileprivate var item: SKU { SKU(unchecked: "article-7") }

    fileprivate mutating func usual(_ state: IntentState, _ reason: RejectionReason? = nil) -> Intent {
        Intent(
            token: Token(unchecked: name(upTo: 36)), sku: item, quantity: Quantity(unchecked: 2),
            buyer: Buyer(unchecked: "ann \(number(in: 0...99))"), state: state, reason: reason,
            holdUntil: state == .reserved ? moment() : nil, decidedAt: moment())
    }

    fileprivate mutating func usualStock(line: Int64 = 0) -> Stock {
        Stock(
            sku: item, stocked: number(in: 0...99_999), available: number(in: -5...99_999),
            held: number(in: 0...99_999), sold: number(in: 0...99_999), waitlisted: line, backordered: line,
            version: number(in: 1...99_999), policy: SKUPolicy())
    }

    /// An event about an intent, usual or not, or about something else.
    fileprivate mutating func event() -> Happening {
        let other = intent()
        let isUsual = chance(70)
        let intent = Intent(
            token: other.token, sku: isUsual ? item : other.sku, quantity: other.quantity,
            buyer: isUsual ? Buyer(unchecked: "ann \(number(in: 0...99))") : other.buyer,
            onShortage: other.onShortage, replaces: other.replaces, state: other.state, reason: other.reason,
            holdUntil: other.holdUntil, decidedAt: other.decidedAt, place: isUsual ? nil : other.place,
            grantedAt: other.grantedAt, availableFrom: other.availableFrom, returned: other.returned)
        let drawn = usualStock(line: isUsual ? 0 : number(in: 0...1 << 60))
        let stock = Stock(
            sku: intent.sku, stocked: drawn.stocked, available: drawn.available, held: drawn.held,
            sold: drawn.sold, waitlisted: drawn.waitlisted, backordered: drawn.backordered,
            version: drawn.version, policy: SKUPolicy())
        switch Int.random(in: 0..<12, using: &self) {
        case 0: return .shortfall(intent, stock: stock)
        case 1: return .extended(intent, stock: stock)
        case 2: return .returned(intent, units: intent.quantity.units, stock: stock)
        case 3: return .conflict(intent.token, sku: intent.sku)
        case 4: return .defined(self.stock(policy: policy()))
        case 5: return .crossed(.soldOut, self.stock(policy: policy()))
        case 6: return .answered(kind: .cancel, id: "id", sku: intent.sku, result: result())
        default:
            return .intent(
                intent, from: chance(50) ? one(of: IntentState.allCases) : nil,
                stock: chance(80) ? stock : nil)
        }
    }
}
