import Foundation
import Testing
import WeirSandbox

/// Policies, lines and changes from the command line, against a server that a person would start.
@Suite struct StockCommandTests {
    @Test func aShopIsRunFromTheCommandLine() async throws {
        let room = try await SharedSandbox.room()
        try await Server.with(room) { url in
            func weir(_ arguments: String...) throws -> Run { try Run(arguments, ["WEIR_URL": url]) }
            let put = try weir(
                "sku", "put", "tea", "--stocked", "1", "--hold-seconds", "60", "--max-hold-seconds", "600",
                "--max-per-buyer", "5", "--low-stock-at", "1", "--on-shortage", "waitlist",
                "--waitlist-limit", "4")
            #expect(put.code == 0, "\(put.errors)")
            for part in [
                "version 1", "extended up to 600 s", "at most 5 a buyer", "low at 1", "waitlist of 4",
            ] {
                #expect(put.output.contains(part), "\(put.output)")
            }
            // The version that was read is the one that is changed.
            let stale = try weir("sku", "put", "tea", "--hold-seconds", "30", "--if-version", "9")
            #expect(stale.code == 1 && stale.errors.contains("another version"))
            try expectKept(weir)
            let contradiction = try weir("sku", "put", "tea", "--on-shortage", "backorder")
            #expect(contradiction.code == 64 && contradiction.errors.contains("'backorder_limit'"))
            let noTime = try weir("sku", "put", "tea", "--on-sale-from", "tomorrow")
            #expect(noTime.code == 64 && noTime.errors.contains("RFC 3339"))

            #expect(
                try weir("intent", "submit", "tea", "--buyer", "ann", "--token", "t1").output.contains(
                    "reserved"))
            #expect(
                try weir("intent", "submit", "tea", "--buyer", "bob", "--token", "t2").output.contains(
                    "waitlisted"))
            #expect(try weir("intent", "show", "t2").output.contains("position 1"))
            let proud = try weir(
                "intent", "submit", "tea", "--buyer", "eve", "--token", "t3", "--on-shortage", "reject")
            #expect(proud.output.contains("rejected (sold_out)"))
            let until = ISO8601DateFormatter().string(from: Date.now.addingTimeInterval(300))
            let extended = try weir("intent", "extend", "t1", "--until", until)
            #expect(extended.code == 0 && extended.output.contains(until.dropLast()))
            let forEver = try weir("intent", "extend", "t1", "--until", "2099-01-01T00:00:00Z")
            #expect(forEver.code == 1 && forEver.errors.contains("max_hold_seconds"))
            #expect(try weir("sku", "show", "tea").output.contains("waitlisted 1"))
            #expect(try weir("sku", "adjust", "tea", "--delta", "3", "--reason", "delivery").code == 0)
            #expect(try weir("intent", "show", "t2").output.contains("reserved"))

            let more = try weir(
                "intent", "submit", "tea", "--buyer", "ann", "--quantity", "3", "--token", "t4", "--replaces",
                "t1")
            #expect(more.output.contains("reserved  3 of tea"), "\(more.output)")
            #expect(try weir("intent", "confirm", "t4").output.contains("confirmed"))
            let back = try weir(
                "intent", "cancel", "t4", "--quantity", "2", "--key", "return-1", "--sku", "tea")
            #expect(back.output.contains("confirmed  3 of tea, 2 given back"))
            _ = try weir("intent", "cancel", "t4", "--quantity", "2", "--key", "return-1", "--sku", "tea")
            #expect(try weir("sku", "show", "tea", "--json").output.contains(#""sold":1"#))
            let tooMany = try weir("intent", "cancel", "t4", "--quantity", "2", "--sku", "tea")
            #expect(tooMany.code == 1 && tooMany.errors.contains("add --key"))
            #expect(try Run(["audit"], ["DATABASE_URL": room.databaseURL]).code == 0)
        }
    }

    /// What is not said of a known SKU stays, its stock in any case, and that is told.
    private func expectKept(_ weir: (String...) throws -> Run) throws {
        let some = try weir(
            "sku", "put", "cup", "--stocked", "7", "--hold-seconds", "60", "--max-per-buyer", "5")
        #expect(some.code == 0 && some.errors.isEmpty, "\(some.errors)")
        let more = try weir("sku", "put", "cup", "--stocked", "9", "--low-stock-at", "2")
        #expect(more.code == 0 && more.output.contains("stocked 7"), "\(more.errors)")
        for part in ["hold 60 s", "at most 5 a buyer", "low at 2"] { #expect(more.output.contains(part)) }
        #expect(
            more.errors.contains("known already") && more.errors.contains("weir sku adjust cup --delta 2 "))
        let same = try weir("sku", "put", "cup", "--stocked", "7", "--clear", "max-per-buyer")
        #expect(same.errors.isEmpty && same.output.contains("hold 60 s"), "\(same.errors)")
        #expect(!same.output.contains("a buyer"))
        let replaced = try weir("sku", "put", "cup", "--low-stock-at", "3", "--replace")
        #expect(replaced.output.contains("hold 900 s  low at 3"), "\(replaced.output)\(replaced.errors)")
        let down = try weir("sku", "adjust", "cup", "--delta", "-2", "--reason", "broken")
        #expect(down.code == 0 && down.output.contains("stocked 5"), "\(down.errors)")
    }

    @Test(arguments: [
        (["put", "cup", "--stocked", "-1"], "'stocked' is -1"),
        (["put", "cup", "--hold-seconds", "-1"], "'hold_seconds' is -1"),
        (["put", "cup", "--clear", "colour"], "no field is called so"),
        (["put", "cup", "--clear", "low_stock_at", "--low-stock-at", "2"], "do one or the other"),
        (["put", "a b", "--stocked", "1"], "the SKU 'a b' must have"),
        (["list", "--limit", "-1"], "at least 1"),
        (["import", "x.csv", "--parallel", "-1"], "from 1 to 64"),
    ])
    func aNumberBelowZeroIsReadAndWhatIsWrongIsSaid(_ arguments: [String], _ part: String) throws {
        let run = try Run(["sku"] + arguments, ["WEIR_URL": "http://127.0.0.1:9"])
        #expect(run.code == 64 && run.errors.contains(part), "\(run.errors)")
    }

    @Test func aFileOfDefinitionsIsImported() async throws {
        let room = try await SharedSandbox.room()
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        try await Server.with(room) { url in
            func importing(_ text: String, _ more: String...) throws -> Run {
                try text.write(to: file, atomically: true, encoding: .utf8)
                return try Run(["sku", "import", file.path] + more, ["WEIR_URL": url])
            }
            let heading = "sku,stocked,hold_seconds,on_shortage,backorder_limit,available_from\n"
            let lines = (0..<40).map { "s\($0),\($0),60,backorder,9,2098-01-01T00:00:00Z\n" }.joined()
            let done = try importing(heading + lines)
            #expect(done.code == 0 && done.output == "40 SKUs defined, 0 refused\n", "\(done.errors)")
            #expect(done.errors.hasSuffix("40 of 40 SKUs\n"), "\(done.errors)")
            let shown = try Run(["sku", "show", "s39"], ["WEIR_URL": url]).output
            #expect(shown.contains("available 39") && shown.contains("backorder of 9"))
            for (text, part) in [
                ("sku,stock\na,1\n", "the column 'stock' is unknown"), ("stocked\n1\n", "no column 'sku'"),
                ("sku,stocked\nnew,1\na b,1\n", "line 3"), ("sku,stocked\nnew,x\n", "whole number"),
                ("sku,on_shortage\nnew,backorder\n", "'backorder_limit'"),
                ("sku\nnew\nnew\n", "line 2 already"),
                ("sku,stocked\nnew\n", "1 fields"), ("sku,available_from\nnew,soon\n", "RFC 3339"),
            ] {
                let wrong = try importing(text)
                #expect(wrong.code == 64 && wrong.errors.contains(part), "\(text): \(wrong.errors)")
            }
            // Every wrong line is named, up to twenty, and all that is wrong with it.
            let three = try importing(
                "sku,stocked,hold_seconds\nnew,x,y\nb,1,60\nb,-1,60\nc,1\nd,1,60,\"\n")
            #expect(three.code == 64 && three.output.isEmpty)
            #expect(
                three.errors.split(separator: "\n").dropFirst().map(String.init) == [
                    "  line 2: stocked is 'x'; it must be a whole number; hold_seconds is 'y'; it must be a whole number",
                    "  line 4: the field 'stocked' is -1, but must be from 0 to 1000000000000; the SKU b stands in line 3"
                        + " already",
                    "  line 5: 2 fields, but the heading has 3",
                    "  line 6: field 4 has no closing quote; what follows could not be read",
                ], "\(three.errors)")
            #expect(three.errors.contains("has 4 wrong lines, and nothing was sent:"))
            let many = try importing("sku,stocked\nnew,1\n" + (0..<25).map { "n\($0),-1\n" }.joined())
            #expect(many.errors.contains("has 25 wrong lines") && many.errors.hasSuffix("\n  and 5 more\n"))
            #expect(many.errors.split(separator: "\n").count == 22)
            // A file with a mistake changes nothing.
            #expect(try Run(["sku", "show", "new"], ["WEIR_URL": url]).code == 1)
            // The stock of a known SKU is no file's business, and that is said.
            let again = try importing("sku,stocked\ns7,7\ns8,9\nnew,1\n")
            #expect(again.code == 0 && again.output == "3 SKUs defined, 0 refused\n")
            #expect(
                again.errors.contains("known already with another stock than the file's: 1 SKU;"),
                "\(again.errors)")
            #expect(again.errors.contains("weir sku adjust s8 --delta"))
        }
    }

    @Test func aFileThatIsReplayedAgainSaysHowManySKUsWereThere() async throws {
        let room = try await SharedSandbox.room()
        let file = FileManager.default.temporaryDirectory.appending(path: "weir-\(UUID().uuidString).csv")
        // Four fifths of one unit are none: what has no stock has sold nothing, and is there all the same.
        try "invoice,sku,quantity,customer\n1,tea,1,ann\n2,cup,5,bob\n".write(
            to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        try await Server.with(room) { url in
            let load = ["load", "--csv", file.path, "--verify", "--url", url]
            let first = try Run(load)
            #expect(first.code == 0 && !first.errors.contains("existed already"), "\(first.errors)")
            let second = try Run(load)
            #expect(second.errors.contains("2 of the file's SKUs existed already"), "\(second.errors)")
        }
    }
}

/// `weir serve` beside the tests, on a free port.
private enum Server {
    static func with(_ room: Room, _ body: (String) async throws -> Void) async throws {
        let servers = ["DATABASE_URL": room.databaseURL, "AMQP_URL": room.amqpURL]
        #expect(try Run(["migrate", "--partitions", "1"], servers).code == 0)
        #expect(try Run(["topology", "apply"], servers).code == 0)
        let process = Process()
        process.executableURL = Run.binary
        let port = Int.random(in: 20_000..<30_000)
        process.arguments = ["serve", "--port", "\(port)"]
        process.environment = ["PATH": "/usr/bin:/bin"].merging(servers) { _, given in given }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        let url = "http://127.0.0.1:\(port)"
        let deadline = ContinuousClock.now + .seconds(20)
        while try Run(["sku", "list"], ["WEIR_URL": url]).code != 0 {
            try #require(ContinuousClock.now < deadline && process.isRunning, "the server did not start")
        }
        try await body(url)
    }
}
