import Foundation
import Testing
import WeirIngress

@testable import weir

/// What `weir serve --help` and `docs/limits.md` say is what the server does.
@Suite struct LimitsPageTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../docs/limits.md").standardizedFileURL

    @Test func thePageListsEveryLimitAsTheOptionsDo() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `--") }.map(String.init)
        let limits = ServeLimit.all.map { limit in
            "| `--\(limit.option)` | `\(limit.environment)` | `\(limit.key)` | \(limit.standard) |"
                + " \(limit.range.lowerBound) to \(limit.range.upperBound) | \(limit.means) |"
        }
        let rates = ServeRate.all.map { rate in
            "| `--\(rate.option)` | `\(rate.environment)` | `\(rate.key)` | \(ServeRate.none) | | \(rate.means)"
                + " Beyond: 429. |"
        }
        #expect(rows == limits + rates)
    }

    @Test func theHelpListsEveryLimit() throws {
        let help = try Run(["serve", "--help"]).output.split { $0.isWhitespace }.joined(separator: " ")
        for limit in ServeLimit.all {
            #expect(help.contains("--\(limit.option) "))
            #expect(help.contains("[env: \(limit.environment), default: \(limit.standard)]"))
        }
        for rate in ServeRate.all {
            #expect(help.contains("--\(rate.option) "))
            #expect(help.contains("[env: \(rate.environment), default: none]"))
        }
        #expect(help.contains("--no-gate"))
    }

    @Test func aFlagBeatsTheEnvironmentAndThatBeatsTheFile() async throws {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "weir-limits-\(UInt32.random(in: 0...UInt32.max)).json")
        try Data(
            #"{"weir":{"limit":{"bodyBytes":2000,"idleSeconds":7},"rate":{"perBuyer":"5/10"},"gate":"off"}}"#
                .utf8
        ).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        setenv("WEIR_LIMIT_IDLE_SECONDS", "8", 1)
        setenv("WEIR_LIMIT_IN_FLIGHT", "9", 1)
        defer {
            unsetenv("WEIR_LIMIT_IDLE_SECONDS")
            unsetenv("WEIR_LIMIT_IN_FLIGHT")
        }
        let command = try ServeCommand.parse([
            "--config", file.path, "--limit-in-flight", "10", "--rate-overall", "100",
        ])
        var ingress = IngressSettings(databaseURL: "", amqpURL: "")
        try await command.limits.apply(to: &ingress, try await command.settings.reader())
        #expect(ingress.largestBody == 2_000 && ingress.idleTimeoutSeconds == 8)
        #expect(ingress.inFlightLimit == 10 && ingress.connectionLimit == 10_000)
        #expect(ingress.ratePerBuyer == RateLimit("5/10") && ingress.rateOverall == RateLimit("100/1"))
        #expect(ingress.ratePerCredential == nil && !ingress.soldOutGate)
    }

    @Test(arguments: [
        ["--limit-body-bytes", "65537"], ["--limit-connections", "0"], ["--rate-per-buyer", "often"],
        ["--rate-overall", "1/0"], ["--limit-in-flight", "many"],
    ])
    func aBadLimitIsNamed(_ arguments: [String]) throws {
        let run = try Run(
            ["serve", "--role", "ingress"] + arguments, ["DATABASE_URL": "postgres://weir@127.0.0.1:9/weir"])
        #expect(run.code == 64, "\(run.errors)")
    }
}
