import WeirCore
import WeirLive

extension ProblemKind {
    static let missingCredential = Self(401, "missing-credential", "The request has no credential")
    static let invalidCredential = Self(401, "invalid-credential", "The credential is not valid")
    static let missingScope = Self(403, "missing-scope", "The credential does not allow this")
    static let otherBuyer = Self(403, "other-buyer", "The credential is for another buyer")
    static let credentialsUnavailable = Self(
        503, "credentials-unavailable", "Credentials cannot be checked at the moment")
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
        let detail =
            "the credential acts for one buyer only, and the field 'buyer' names another; send your own"
        var problem = Problem(.otherBuyer, detail)
        problem.places = [ProblemPlace(place: .pointer("/buyer"), detail: detail)]
        return problem
    }()
}
