import ArgumentParser
import Foundation

/// Measures: each figure beside another one in the same run, because machines are noisy and only ratios last.
@main
struct Lab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir-lab",
        abstract: "Measures Weir beside what it is compared with, on private servers on this machine.",
        subcommands: [
            AllBenches.self, DrainBench.self, HotBench.self, HTTPBench.self, GateBench.self,
            PaceBench.self, OverloadBench.self, ScaleBench.self, CredentialsBench.self, AuditBench.self,
            StrategiesBench.self,
            ChaosCommand.self, StrategyServer.self, EmptyServer.self,
        ])
}

struct AllBenches: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "all", abstract: "Runs every measurement.",
        discussion: """
            Where one alone takes long it is bounded here: drains beside 1,000,000 decided intents and of 200,000 SKUs, \
            100,000 intents each; strategies for 3 s. For more, run `weir-lab drain` and `weir-lab strategies` by \
            themselves.
            """)

    func run() async throws {
        for options in DrainBench.bounded {
            var drain = try DrainBench.parse(options)
            try await drain.run()
            print("")
        }
        var hot = try HotBench.parse([])
        try await hot.run()
        print("")
        var http = try HTTPBench.parse([])
        try await http.run()
        print("")
        var gate = try GateBench.parse([])
        try await gate.run()
        print("")
        var overload = try OverloadBench.parse([])
        try await overload.run()
        print("")
        var pace = try PaceBench.parse(["--seconds", "5"])
        try await pace.run()
        print("")
        var scale = try ScaleBench.parse(["--intents", "64000", "--seconds", "3"])
        try await scale.run()
        print("")
        var credentials = try CredentialsBench.parse([])
        try await credentials.run()
        print("")
        let strategies = try StrategiesBench.parse(["--seconds", "3"])
        try await strategies.run()
    }
}

func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// The middle one of an odd number of measurements, the upper middle of an even one.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

extension Double {
    /// With thousands and without decimals.
    var rounded: String { String(Int(self.rounded())) }
    /// With two decimals.
    var short: String { String(format: "%.2f", self) }
}
