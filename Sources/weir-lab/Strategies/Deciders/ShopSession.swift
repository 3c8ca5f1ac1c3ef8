import PostgresClient
import WeirCore

/// A session of a shop's server and the few things that every strategy does with it.
struct ShopSession {
    /// What the sessions of all shops go by in `pg_stat_activity`.
    static let name = "lab-shop"

    let session: Session

    init(_ url: String) throws(PostgresError) {
        session = try Session(SessionSettings(url: url, applicationName: Self.name))
    }

    func run(_ statement: Statement, _ binds: Bind...) throws(PostgresError) -> Rows {
        try session.run(Query(statement, binds))
    }

    /// What the token was told before.
    func known(_ token: Token) throws(PostgresError) -> Verdict? {
        let rows = try run(LabQueries.known, .text(token.text))
        return rows.count > 0 ? Verdict(rawValue: rows.text(0, 0)) : nil
    }

    /// How many units are left; nil for a SKU that is not sold here.
    func available(_ sku: SKU) throws(PostgresError) -> Int64? {
        let rows = try run(LabQueries.look, .text(sku.text))
        return rows.count == 1 ? rows.int8(0, 0) : nil
    }

    /// Writes the stock as it was computed elsewhere.
    func write(_ sku: SKU, _ units: Int64) throws(PostgresError) {
        _ = try run(LabQueries.write, .text(sku.text), .int8(units))
    }

    /// Writes the order; `unique` for a known token, where the table forbids it.
    @discardableResult
    func order(_ submit: Submit, _ verdict: Verdict, bucket: Int64? = nil) throws(PostgresError) -> Verdict {
        _ = try run(
            LabQueries.order, .text(submit.token.text), .text(submit.sku.text),
            .int4(Int32(submit.quantity.units)),
            .text(submit.buyer.text), .text(verdict.rawValue), bucket.map { .int8($0) } ?? .null)
        return verdict
    }

    /// Runs the steps between BEGIN and COMMIT, a round trip each, and rolls back when one fails.
    func inTransaction<Result>(
        _ begin: Statement = LabQueries.begin, _ steps: () throws -> Result
    ) throws -> Result {
        do {
            _ = try run(begin)
            let result = try steps()
            // The COMMIT of a failed transaction succeeds, under another name.
            guard try run(LabQueries.commit).tag == "COMMIT" else {
                throw LabError("nothing was committed")
            }
            return result
        } catch {
            if !session.isBroken { _ = try? run(LabQueries.rollback) }
            throw error
        }
    }

    /// The verdict of the steps, or the one that is on record when the token turns out to be known.
    func once(_ token: Token, _ steps: () throws -> Verdict) throws -> Verdict {
        do {
            return try steps()
        } catch let error as PostgresError {
            guard error.kind == .unique, let verdict = try known(token) else { throw error }
            return verdict
        }
    }

    /// Ends the sessions that a killed server left working, and waits until they are gone.
    func endOthers() throws {
        for _ in 0..<1_000 {
            if try run(LabQueries.endSessions, .text(Self.name)).count == 0 { return }
            pause(milliseconds: 5)
        }
        throw LabError("the sessions of the server before this one do not end")
    }
}
