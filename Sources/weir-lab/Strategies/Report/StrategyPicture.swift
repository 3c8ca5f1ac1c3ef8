/// The results as a picture: bars for throughput and cost, numbers for the rest, red for every broken promise.
enum StrategyPicture {
    private static let rowHeight = 30.0
    private static let top = 92.0
    private static let good = "#2a7f62"
    private static let plain = "#4878a8"
    private static let bad = "#b3261e"

    static func svg(_ results: [StrategyResult], caption: String) -> String {
        var picture = SVG(width: 1_180, height: top + rowHeight * Double(results.count) + 64)
        picture.text("Ways of not overselling, side by side", x: 20, y: 30, size: 18, bold: true)
        picture.text(caption, x: 20, y: 52, size: 12, fill: "#555")
        for (title, x) in [
            ("intents a second", 250.0), ("p50 / p99 ms", 560), ("core-µs an intent", 660),
            ("what went wrong", 870),
            ("after kill -9", 1_030),
        ] {
            picture.text(title, x: x, y: top - 12, size: 12, bold: true)
        }
        let fastest = results.map(\.rate).max() ?? 1
        let dearest = results.map(\.cost).max() ?? 1
        for (place, result) in results.enumerated() {
            let y = top + rowHeight * Double(place)
            let base = y + 16
            let color = result.title == Strategy.weir.title ? good : plain
            picture.line(x1: 20, y1: y - 4, x2: 1_160, y2: y - 4, stroke: "#ddd")
            picture.text(result.title, x: 20, y: base, bold: result.title == Strategy.weir.title)
            bar(&picture, result.rate, of: fastest, x: 250, y, width: 190, color)
            picture.text(
                "\(result.rate.rounded) (\(result.ratio.short)×)",
                x: 256 + 190 * share(result.rate, of: fastest), y: base)
            picture.text("\((result.p50 * 1e3).tenths) / \((result.p99 * 1e3).tenths)", x: 560, y: base)
            bar(&picture, result.cost, of: dearest, x: 660, y, width: 140, color)
            picture.text(result.cost.rounded, x: 666 + 140 * share(result.cost, of: dearest), y: base)
            verdict(&picture, result.counts, x: 870, y: base)
            if let killed = result.killed { verdict(&picture, killed, x: 1_030, y: base) }
        }
        let foot = top + rowHeight * Double(results.count) + 22
        picture.text(
            "Units sold that never existed (oversold), taken without an order (lost), ordered without being taken"
                + " (no stock); tokens decided twice; answers that nobody kept (unkept).", x: 20, y: foot,
            size: 11,
            fill: "#555")
        picture.text(
            "Times the conditional UPDATE in brackets. Only ratios mean something on another machine.", x: 20,
            y: foot + 18, size: 11, fill: "#555")
        return picture.document
    }

    private static func bar(
        _ picture: inout SVG, _ value: Double, of most: Double, x: Double, _ y: Double, width: Double,
        _ color: String
    ) {
        picture.rectangle(
            x: x, y: y + 3, width: width * share(value, of: most), height: 18, fill: color, tip: value.rounded
        )
    }

    private static func share(_ value: Double, of most: Double) -> Double { most > 0 ? value / most : 0 }

    private static func verdict(_ picture: inout SVG, _ counts: Counts, x: Double, y: Double) {
        let names = ["oversold", "lost", "no stock", "twice", "unkept"]
        let wrong = zip(names, counts.all).filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
        // Two a line at most: the column is narrow.
        guard !wrong.isEmpty else { return picture.text("nothing", x: x, y: y, size: 11, fill: good) }
        picture.text(wrong.prefix(2).joined(separator: ", "), x: x, y: y - 5, size: 10, fill: bad)
        picture.text(wrong.dropFirst(2).joined(separator: ", "), x: x, y: y + 6, size: 10, fill: bad)
    }
}
