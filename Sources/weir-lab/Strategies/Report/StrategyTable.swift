import Foundation

/// The results as a table in Markdown, which reads well as plain text too.
enum StrategyTable {
    static func text(_ results: [StrategyResult]) -> String {
        let head = [
            "strategy", "intents/s", "ratio", "p50 ms", "p99 ms", "core-µs", "oversold", "lost", "no stock",
            "twice",
            "unkept", "after kill -9: the same", "back after",
        ]
        let rows = results.map(row)
        let widths = head.indices.map { column in
            ([head] + rows).map { $0[column].count }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            let padded = cells.indices.map { column in
                let blank = String(repeating: " ", count: widths[column] - cells[column].count)
                return column == 0 ? cells[column] + blank : blank + cells[column]
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.indices.map { column in
            column == 0
                ? String(repeating: "-", count: widths[column])
                : String(repeating: "-", count: widths[column] - 1) + ":"
        }
        return ([line(head), line(rule)] + rows.map(line)).joined(separator: "\n")
    }

    private static func row(_ result: StrategyResult) -> [String] {
        [
            result.title, result.rate.rounded, result.ratio.short, (result.p50 * 1e3).tenths,
            (result.p99 * 1e3).tenths, result.cost.rounded,
        ] + result.counts.all.map(String.init) + [
            result.killed.map { $0.all.map(String.init).joined(separator: " ") } ?? "",
            result.recovery.map { "\($0.tenths) s" } ?? "",
        ]
    }
}

extension Double {
    /// With one decimal.
    var tenths: String { String(format: "%.1f", self) }
}
