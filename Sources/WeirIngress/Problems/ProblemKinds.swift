extension ProblemKind {
    /// All of them, in the order of their page; a test sees to it that none is missing.
    static let all = [
        malformedRequest, headTooLarge, requestTimeout, httpsOnly, missingCredential, invalidCredential,
        missingScope, otherBuyer, notFound, methodNotAllowed, invalidPath, invalidQuery, invalidHeader,
        eventsPruned, mediaType, encoding, bodyTooLarge, malformedBody, invalidBody, tokenConflict,
        commandConflict,
        unknownToken, unknownSKU, wrongState, undecided, unknownLine, shortfall, belowCommitted, stockLimit,
        versionMismatch, holdLimit, deadlinePassed, tooMany, unknownDeadLetter, unknownReplay,
        deadLetterState,
        soldOut, rateLimited, queueFull, brokerUnavailable,
        publishTimeout, notRoutable, databaseUnavailable, credentialsUnavailable, overloaded, internalError,
    ]

    // MARK: The request as a whole

    static let malformedRequest = Self(
        400, "malformed-request", "The request is not valid HTTP",
        means: "What arrived cannot be read as HTTP/1.1, so nobody looked at what it asks for.",
        remedy: "Send it with an HTTP library; look at what a proxy in between does to it.")
    static let headTooLarge = Self(
        431, "head-too-large", "The head of the request is too large",
        means: "The path and the header fields together are longer, or more, than the server reads.",
        remedy: "Send fewer and shorter header fields; cookies are of no use here.")
    static let requestTimeout = Self(
        408, "request-timeout", "The request took too long to arrive",
        means: "The body did not arrive in the time that the server gives it. Nothing was accepted.",
        remedy: "Send it again, with the same Idempotency-Key, over a better connection.")
    static let notFound = Self(
        404, "not-found", "There is nothing at this path",
        means: "The path names no route of this server.",
        remedy: "Correct the path; /openapi.yaml lists all of them.")
    static let methodNotAllowed = Self(
        405, "method-not-allowed", "The method is not allowed here",
        means: "The path is right, but it does not know the method.",
        remedy: "Use one of the methods in the header Allow of the answer.")
    static let invalidPath = Self(
        400, "invalid-path", "A part of the path is not valid",
        means: "A token or a SKU in the path does not have the form that it must have.",
        remedy: "Correct the part that the detail names. What is no letter or digit may have to be "
            + "percent-encoded; a slash can never be part of a token or a SKU.")
    static let invalidQuery = Self(
        400, "invalid-query", "A query parameter is not valid",
        means: "A parameter is unknown, occurs twice, or has a value that it cannot have. A page's cursor is "
            + "taken only as the server gave it out.",
        remedy: "Correct or leave out the parameter that 'errors' names.")
    static let invalidHeader = Self(
        400, "invalid-header", "A header field is missing or not valid",
        means: "A header field that the request needs is missing, occurs twice, or does not have its form.",
        remedy: "Correct the field that 'errors' names. An Idempotency-Key is 1 to 128 characters out of "
            + "A-Z a-z 0-9 . _ : ~ -, the first one a letter or a digit, bare or in double quotes.")
    static let eventsPruned = Self(
        410, "events-pruned", "Events were pruned",
        means:
            "What follows the place that the stream was to go on from is older than what this shop keeps, and is "
            + "gone for ever.",
        remedy:
            "Read the stock and whatever else you keep anew from the API, then open the stream without a place, or "
            + "with 'after=start' for everything that is left.")
    static let mediaType = Self(
        415, "unsupported-media-type", "The body has the wrong media type",
        means: "The Content-Type is missing or is not the one that this route reads.",
        remedy: "Send the media type that the detail names.")
    static let encoding = Self(
        415, "unsupported-encoding", "The body is encoded",
        means: "The body is compressed or otherwise encoded, which the server does not undo.",
        remedy: "Send it as it is, without Content-Encoding.")
    static let bodyTooLarge = Self(
        413, "body-too-large", "The body is too large",
        means: "The body has more bytes, or more lines, than the server reads. Nothing was accepted.",
        remedy: "Send less; divide a batch.")
    static let malformedBody = Self(
        400, "malformed-body", "The body cannot be read",
        means: "The body is not what its media type says: no JSON object in valid UTF-8, or a field occurs "
            + "twice.",
        remedy: "Correct it at the place that the detail names; a JSON library writes it right.")
    static let invalidBody = Self(
        422, "invalid-body", "A field of the body is not valid",
        means: "The body is a JSON object, but fields are missing, unknown, or have values that they cannot "
            + "have. 'errors' lists every one of them with a JSON pointer.",
        remedy: "Correct all that 'errors' lists, and send it with the same Idempotency-Key.")

    // MARK: What the intent or the SKU says to it

    static let tokenConflict = Self(
        422, "token-conflict", "The token is known with another payload",
        means:
            "An intent with this Idempotency-Key was submitted before, with other fields. That one stands, "
            + "and nothing has changed.",
        remedy: "To learn what became of the first, send exactly what you sent then, or GET it. For another "
            + "intent choose another key.")
    static let commandConflict = Self(
        422, "command-conflict", "The Idempotency-Key is known with another command",
        means:
            "A command with this Idempotency-Key was carried out before, and it was a different one. Nothing "
            + "has changed.",
        remedy: "Repeat the first command exactly, or choose another key for this one.")
    static let unknownToken = Self(
        404, "unknown-token", "Nothing has this token here",
        means:
            "Nobody has decided an intent, or an order, with this token yet, or the intent has another SKU. "
            + "What was accepted a moment ago, by whichever server, may still wait for its decision.",
        remedy:
            "If you have submitted it, ask again after Retry-After. Otherwise correct the token or the SKU; "
            + "intents are at /v1/intents/{token}, orders at /v1/orders/{token}.")
    static let unknownSKU = Self(
        404, "unknown-sku", "No SKU has this name",
        means: "The SKU was never defined.",
        remedy: "Correct its name, or define it with PUT /v1/skus/{sku}.")
    static let unknownDeadLetter = Self(
        404, "unknown-dead-letter", "No dead letter has this number",
        means: "The table of dead letters has no such row.",
        remedy: "Look for it with GET /v1/dead-letters?state=any.")
    static let unknownReplay = Self(
        404, "unknown-replay", "No replay has this number",
        means: "No replay was begun under this number.",
        remedy: "Look for it with GET /v1/replays.")
    static let deadLetterState = Self(
        409, "dead-letter-state", "The state of the dead letter or of the replay does not allow this",
        means: "Only an open letter is edited, and only a replay that was stopped goes on.",
        remedy: "Look how it stands; a discarded letter can be restored first.")
    static let wrongState = Self(
        409, "wrong-state", "The intent's state does not allow this",
        means: "The intent stands where this command has no way to go from; 'intent' shows it. Nothing has "
            + "changed.",
        remedy: "Look at its 'status'. If the units are still wanted, submit a new intent under a new key.")
    static let undecided = Self(
        409, "undecided", "The order is not decided yet",
        means:
            "Partitions were asked for the order's lines, and not all have answered; 'order' shows it. Nothing "
            + "has changed.",
        remedy: "Send the same again, with the same Idempotency-Key, after Retry-After.")
    static let unknownLine = Self(
        422, "unknown-line", "The order has no such line",
        means: "A number in 'lines' is none of the order's; 'order' shows them. Nothing has changed.",
        remedy:
            "Read the order, and name its lines by their number. Lines of one SKU were merged into the first."
    )
    static let shortfall = Self(
        409, "shortfall", "The hold has expired and its units cannot be taken again",
        means: "The confirmation came after the hold had ended, and others have taken the units.",
        remedy: "Pay the buyer back. Or confirm again, under a new key, after stock has come.")
    static let belowCommitted = Self(
        409, "below-committed", "The adjustment would take units that are held or sold",
        means: "Only available units can be taken away; 'stock' shows how many there are.",
        remedy: "Take at most what is available, or cancel intents first.")
    static let stockLimit = Self(
        409, "stock-limit", "The SKU would have too many units",
        means: "No SKU may have more than 1,000,000,000,000 units.",
        remedy: "Add fewer; look whether the number is the right one.")

    static let versionMismatch = Self(
        412, "version-mismatch", "The SKU has another version",
        means:
            "Somebody changed the SKU after the version that If-Match names was read. Nothing has changed.",
        remedy: "Read the SKU again, decide anew, and send the ETag that you got then.")
    static let holdLimit = Self(
        409, "hold-limit", "The hold would last too long",
        means: "The SKU's policy sets a limit, max_hold_seconds, to how long a hold may last altogether.",
        remedy: "Ask for an earlier deadline.")
    static let deadlinePassed = Self(
        409, "deadline-passed", "The deadline has passed",
        means: "The time that was asked for lies behind the database's clock, or before the hold's own end.",
        remedy: "Ask for a later deadline, or submit a new intent when the hold has ended.")
    static let tooMany = Self(
        409, "too-many", "The intent has fewer units",
        means: "More units would be given back than the intent still has.",
        remedy: "Give back at most what it has; 'intent' shows it.")

    static let soldOut = Self(
        409, "sold-out", "Nothing is left of the SKU at the moment",
        means:
            "Neither a unit nor a place in line is to be had now, so the intent was not accepted. That says "
            + "nothing about the key: if it was sent before, it may have got a unit then.",
        remedy:
            "If you have sent this key before, GET the header Location: it tells what became of it, and 404 "
            + "means that nothing was decided for it. Otherwise tell the buyer; units may come back.")

    // MARK: What comes too often: Retry-After says when to come back

    static let rateLimited = Self(
        429, "rate-limited", "Too many requests",
        means: "More requests came than this server takes from one credential, for one buyer, or altogether; "
            + "the detail says which. Nothing was accepted.",
        remedy:
            "Send the same again, with the same Idempotency-Key, after Retry-After. RateLimit-Policy says "
            + "how many requests there may be, RateLimit how many are left.")

    // MARK: What is away or full: all of these carry Retry-After

    static let queueFull = Self(
        503, "queue-full", "The queue is full",
        means: "More wait to be decided than the partition's queue takes. Nothing was accepted.",
        remedy: "Send the same again, with the same Idempotency-Key, after Retry-After.")
    static let brokerUnavailable = Self(
        503, "broker-unavailable", "The broker cannot be reached",
        means: "RabbitMQ did not take the request. It may still have arrived, but nobody can promise that.",
        remedy: "Send the same again, with the same Idempotency-Key, after Retry-After: it is decided once.")
    static let publishTimeout = Self(
        503, "publish-timeout", "The broker did not confirm in time",
        means: "RabbitMQ took the request, perhaps, but did not say so in time.",
        remedy: "Send the same again, with the same Idempotency-Key, after Retry-After: it is decided once.")
    static let notRoutable = Self(
        503, "queue-missing", "The partition's queue does not exist",
        means: "RabbitMQ lacks the queue that this SKU's requests go to. Nothing was accepted.",
        remedy: "An operator has to run `weir topology apply`; then send the same again.")
    static let databaseUnavailable = Self(
        503, "database-unavailable", "The database cannot be reached",
        means:
            "PostgreSQL did not answer, and this request cannot do without it. Intents are still taken in.",
        remedy: "Send the same again after Retry-After.")
    static let overloaded = Self(
        503, "overloaded", "Too many requests are under way",
        means: "The server has reached one of its limits. Nothing was accepted.",
        remedy:
            "Send the same again, with the same Idempotency-Key, after Retry-After; or do not wait for the "
            + "outcome in the request.")
    static let internalError = Self(
        500, "internal-error", "Weir has made a mistake",
        means: "Something happened that should not be possible. The server's log has more.",
        remedy: "Send the same again, with the same Idempotency-Key. If it happens again, tell the operator.")
}
