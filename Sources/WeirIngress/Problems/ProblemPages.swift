import HTTPTypes

/// What a person sees at the `type` of an error answer: what it means and what to do. Plain HTML, without a script.
enum ProblemPages {
    /// `GET /problems`: all kinds.
    static var list: Answer {
        let rows = ProblemKind.all.map {
            "<tr><td>\($0.status)<td><a href=\"\($0.type)\">\($0.name)</a><td>\(escaped($0.title))\n"
        }
        return page(
            "Problems",
            """
            <p>Every error answer of Weir is <code>application/problem+json</code> (RFC 9457). Its <code>type</code>
            is one of these pages; <code>detail</code> says what exactly is wrong, and <code>errors</code> where.</p>
            <table><tr><th>status<th>type<th>title
            \(rows.joined())</table>
            """)
    }

    /// `GET /problems/{name}`: one kind.
    static func page(of kind: ProblemKind) -> Answer {
        page(
            kind.title,
            """
            <p>HTTP status <b>\(kind.status)</b>, type <code>\(kind.type)</code></p>
            <h2>What it means</h2>
            <p>\(escaped(kind.means))</p>
            <h2>What to do</h2>
            <p>\(escaped(kind.remedy))</p>
            <p><a href="/problems">All problems</a> · <a href="/openapi.yaml">The API</a></p>
            """)
    }

    private static func page(_ title: String, _ body: String) -> Answer {
        let html = """
            <!doctype html>
            <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(escaped(title)) · Weir</title>
            <style>body{font:1rem/1.5 sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}
            td,th{text-align:left;padding:.1rem 1rem .1rem 0;vertical-align:top}</style>
            <h1>\(escaped(title))</h1>
            \(body)
            </html>

            """
        var answer = Answer(.ok, Array(html.utf8))
        answer.mediaType = .html
        answer.fields[.cacheControl] = "public, max-age=3600"
        return answer
    }

    /// Our own texts, which nobody else writes; escaped all the same.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.append(character)
            }
        }
    }
}
