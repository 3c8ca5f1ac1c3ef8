import Foundation
import Testing
import WeirCore

@testable import WeirWire

/// A command that Weir writes is the command that Weir reads.
@Suite struct CommandTests {
    @Test(arguments: CommandKind.allCases)
    func everyKindReadsWhatItWrites(_ kind: CommandKind) throws {
        var random = SplitMix64(seed: 11)
        for _ in 0..<400 {
            let command = random.command(kind)
            let read = try Command.read(
                type: kind.rawValue, messageID: command.messageID, contentType: "application/json",
                body: command.body)
            #expect(read == command)
            #expect(read.payload == command.payload)
        }
    }

    @Test(arguments: CommandKind.allCases)
    func everyBodyIsJSONForOthersToo(_ kind: CommandKind) throws {
        var random = SplitMix64(seed: 12)
        for _ in 0..<100 {
            let command = random.command(kind)
            let json = try JSONSerialization.jsonObject(with: Data(command.body)) as? [String: Any]
            #expect(json?["sku"] as? String == command.sku?.text)
            #expect(json?["token"] as? String == (command.token ?? command.order)?.text)
        }
    }

    @Test func aSubmitIsNamedByItsTokenAndOthersByTheirID() {
        var random = SplitMix64(seed: 13)
        for kind in CommandKind.allCases {
            let command = random.command(kind)
            #expect(command.messageID == (command.id?.text ?? (command.token ?? command.order)?.text))
        }
    }

    @Test func aSubmitNeedsNoMessageIDAndIgnoresOne() throws {
        var random = SplitMix64(seed: 14)
        let command = random.command(.submit)
        for id in [nil, "", "other", "not an id\u{0}"] {
            let read = try Command.read(
                type: CommandKind.submit.rawValue, messageID: id, contentType: nil, body: command.body)
            #expect(read == command)
        }
    }

    @Test(arguments: [
        nil, "application/json", "APPLICATION/JSON", "application/json;charset=utf-8",
        " application/json ; charset=UTF-8",
    ])
    func jsonIsTakenUnderItsNames(_ contentType: String?) throws {
        var random = SplitMix64(seed: 15)
        let command = random.command(.submit)
        let read = try Command.read(
            type: CommandKind.submit.rawValue, messageID: nil, contentType: contentType, body: command.body)
        #expect(read == command)
    }

    @Test func membersMayComeInAnyOrderAndWithSpace() throws {
        let body = "\n{ \"buyer\" : \"b\" , \"quantity\" : 2 , \"sku\" : \"s\" , \"token\" : \"t\" }\r\n"
        let read = try Command.read(
            type: CommandKind.submit.rawValue, messageID: nil, contentType: nil, body: Array(body.utf8))
        let expected = Submit(
            token: Token("t")!, sku: SKU("s")!, quantity: Quantity(2)!, buyer: Buyer("b")!)
        #expect(read == .submit(expected))
    }

    @Test func noTruncationOfACommandIsReadAsACommand() {
        var random = SplitMix64(seed: 16)
        for kind in CommandKind.allCases {
            let command = random.command(kind)
            for length in 0..<command.body.count {
                #expect(throws: WireRefusal.self) {
                    try Command.read(
                        type: kind.rawValue, messageID: command.messageID, contentType: nil,
                        body: Array(command.body[..<length]))
                }
            }
        }
    }

    @Test func aDamagedCommandNeverTraps() {
        for seed in UInt64(0)..<4_000 {
            var random = SplitMix64(seed: seed)
            let kind = random.one(of: CommandKind.allCases)
            let command = random.command(kind)
            let body = random.damaged(command.body)
            do throws(WireRefusal) {
                let read = try Command.read(
                    type: kind.rawValue, messageID: command.messageID, contentType: nil, body: body)
                // What was read nevertheless is a whole command: it is written and read again.
                let again = try Command.read(
                    type: kind.rawValue, messageID: read.messageID, contentType: nil, body: read.body)
                #expect(again == read)
            } catch {
                let isPlain = error.detail.unicodeScalars.allSatisfy {
                    $0.properties.generalCategory != .control
                }
                #expect(isPlain, "seed \(seed)")
            }
        }
    }
}
