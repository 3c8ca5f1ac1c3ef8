import Foundation

/// The few shapes of SVG that a bar chart needs, written so that any reader takes them.
struct SVG {
    /// Where a text's given point is.
    enum Anchor: String {
        case start
        case middle
        case end
    }

    let width: Double
    let height: Double
    private var body = ""

    init(width: Double, height: Double) { (self.width, self.height) = (width, height) }

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, fill: String, tip: String = ""
    ) {
        let shape =
            #"<rect x="\#(x.tenths)" y="\#(y.tenths)" width="\#(max(0, width).tenths)""#
            + #" height="\#(height.tenths)" fill="\#(Self.escaped(fill))""#
        body += tip.isEmpty ? shape + "/>\n" : shape + "><title>\(Self.escaped(tip))</title></rect>\n"
    }

    mutating func text(
        _ text: String, x: Double, y: Double, size: Double = 12, anchor: Anchor = .start, bold: Bool = false,
        fill: String = "#222"
    ) {
        body +=
            #"<text x="\#(x.tenths)" y="\#(y.tenths)" font-size="\#(size.tenths)""#
            + #" text-anchor="\#(anchor.rawValue)" fill="\#(Self.escaped(fill))""#
            + (bold ? #" font-weight="bold""# : "") + ">\(Self.escaped(text))</text>\n"
    }

    mutating func line(x1: Double, y1: Double, x2: Double, y2: Double, stroke: String) {
        body +=
            #"<line x1="\#(x1.tenths)" y1="\#(y1.tenths)" x2="\#(x2.tenths)" y2="\#(y2.tenths)""#
            + #" stroke="\#(Self.escaped(stroke))"/>"# + "\n"
    }

    /// The whole file.
    var document: String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <svg xmlns="http://www.w3.org/2000/svg" width="\(width.tenths)" height="\(height.tenths)" \
        viewBox="0 0 \(width.tenths) \(height.tenths)" font-family="sans-serif">
        <rect x="0" y="0" width="\(width.tenths)" height="\(height.tenths)" fill="#fff"/>
        \(body)</svg>

        """
    }

    /// Text without what XML reserves, and without the control characters that it forbids.
    static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
