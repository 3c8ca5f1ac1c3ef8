/// A kind of error answer (RFC 9457): its `type`, `title` and `status` are stable, whatever the detail says.
///
/// The one source of everything that is said about it: the error answers, the pages under `/problems/` and, by a
/// test, the OpenAPI file.
struct ProblemKind: Sendable, Hashable {
    /// The last part of `type`, which is `/problems/<name>`.
    let name: String
    /// A few words; `title` of every such answer.
    let title: String
    /// The HTTP status of every such answer.
    let status: Int
    /// What has happened, for the person who writes the client.
    let means: String
    /// What that person, or the client, should do.
    let remedy: String

    init(_ status: Int, _ name: String, _ title: String, means: String, remedy: String) {
        self.name = name
        self.title = title
        self.status = status
        self.means = means
        self.remedy = remedy
    }

    /// What `type` of such an answer says.
    var type: String { "/problems/" + name }

    /// The kind with this name.
    static func named(_ name: some StringProtocol) -> ProblemKind? { all.first { $0.name == name } }
}
