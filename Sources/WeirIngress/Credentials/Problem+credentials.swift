import WeirCore
import WeirLive

extension ProblemKind {
    static let missingCredential = Self(
        401, "missing-credential", "The request has no credential",
        means: "The server wants to know who asks, and the request has no header Authorization.",
        remedy: "Send 'Authorization: Bearer ' and an API key or a JWT. The operator makes keys with "
            + "`weir keys create`.")
    static let invalidCredential = Self(
        401, "invalid-credential", "The credential is not valid",
        means:
            "The API key is unknown or was revoked, or the JWT has expired, is not the issuer's, or is not for "
            + "this server; the detail says which.",
        remedy:
            "Get a new one: a JWT from whoever issues it, an API key from the operator. The same again will be "
            + "refused again.")
    static let missingScope = Self(
        403, "missing-scope", "The credential does not allow this",
        means: "The credential is good, but lacks the scope that this route wants; the detail names it.",
        remedy: "Use a credential that has the scope.")
    static let otherBuyer = Self(
        403, "other-buyer", "The credential is for another buyer",
        means:
            "The credential acts for one buyer, the subject of its JWT, and the request names another. Nothing was "
            + "accepted.",
        remedy: "Name the JWT's own subject, or use a credential of the shop's.")
    static let credentialsUnavailable = Self(
        503, "credentials-unavailable", "Credentials cannot be checked at the moment",
        means:
            "The database with the API keys does not answer, and what the server remembers of them is too old or "
            + "does not know this one.",
        remedy: "Send the same again after Retry-After.")
}

/// The errors that RFC 6750 wants told, with the challenge that it wants sent along.
extension Problem {
    static let missingCredential: Problem = {
        var problem = Problem(
            .missingCredential, header: "Authorization",
            "the header Authorization is missing; send 'Authorization: Bearer …' with an API key or a JWT")
        problem.challenge = #"Bearer realm="weir""#
        return problem
    }()

    /// - Parameter why: one sentence that repeats nothing of the credential.
    static func invalidCredential(_ why: String) -> Problem {
        var problem = Problem(.invalidCredential, header: "Authorization", why)
        problem.challenge = #"Bearer realm="weir", error="invalid_token", error_description="\#(why)""#
        return problem
    }

    static func missingScope(_ scope: Scope) -> Problem {
        var problem = Problem(
            .missingScope, header: "Authorization",
            "the credential lacks the scope \(scope.rawValue); send one that has it")
        problem.challenge = #"Bearer realm="weir", error="insufficient_scope", scope="\#(scope.rawValue)""#
        return problem
    }

    static let credentialsUnavailable = Problem(
        .credentialsUnavailable,
        "whether the API key is good cannot be told while the database is away; send the request again later",
        retryAfterSeconds: 2)

    static let otherBuyer: Problem = {
        var problem = Problem(
            .otherBuyer, "\(otherBuyerDetail) the field 'buyer' names another; send your own")
        problem.places = [ProblemPlace(place: .pointer("/buyer"), detail: problem.detail)]
        return problem
    }()

    static func otherBuyer(parameter: String) -> Problem {
        Problem(
            .otherBuyer, parameter: parameter,
            "\(otherBuyerDetail) the parameter '\(parameter)' names another; leave it out")
    }

    private static let otherBuyerDetail = "the credential acts for one buyer only, and"
}
