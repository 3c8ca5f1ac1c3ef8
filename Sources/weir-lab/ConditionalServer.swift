import AMQPClient
import ArgumentParser
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import PostgresClient
import WeirCore
import WeirWire

/// The usual cure, done as well as it can be: the same HTTP server, one conditional UPDATE and one order a request.
struct ConditionalServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conditional-server", abstract: "Serves intents by a conditional UPDATE.",
        shouldDisplay: false)

    @Option var port: Int
    @Option var sessions = 8
    /// BEGIN, UPDATE, INSERT and COMMIT one after the other, instead of all in one statement.
    @Flag var inSteps = false

    func run() async throws {
        let url = ProcessInfo.processInfo.environment["DATABASE_URL"] ?? ""
        let deciders = try UpdateDeciders(databaseURL: url, sessions: sessions, inSteps: inSteps)
        let router = Router()
        router.get("/readyz") { _, _ in "ready" }
        guard let keyHeader = HTTPField.Name("Idempotency-Key") else { return }
        router.post("/v1/intents") { request, _ -> Response in
            guard let key = request.headers[keyHeader], let token = Token(key) else {
                return Response(status: .badRequest)
            }
            let body = try await request.body.collect(upTo: 65_536)
            do throws(WireRefusal) {
                var fields = try JSONFields(body.readableBytesView)
                let submit = try Submit(token: token, from: &fields)
                let status = await deciders.decide(submit)
                let bytes = JSONWriter.object {
                    $0.member("token", token.text)
                    $0.member("status", status)
                }
                return Response(
                    status: .ok, headers: [.contentType: "application/json"],
                    body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
            } catch {
                return Response(status: .badRequest)
            }
        }
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: Logger(label: "lab") { _ in SwiftLogNoOpLogHandler() })
        try await app.runService()
    }
}

/// Threads with a session each; a request waits for the next that is free.
final class UpdateDeciders: Sendable {
    private struct Job: Sendable {
        let submit: Submit
        let answer: CheckedContinuation<String, Never>
    }
    private let mailboxes: [Mailbox<Job>]
    private let threads: [DedicatedThread]
    private let next = Counter()

    init(databaseURL: String, sessions: Int, inSteps: Bool) throws {
        mailboxes = (0..<sessions).map { _ in Mailbox<Job>() }
        threads = mailboxes.map { mailbox in
            DedicatedThread(name: "decider") {
                guard let session = try? Session(SessionSettings(url: databaseURL, applicationName: "lab"))
                else { return }
                while true {
                    for job in mailbox.take(waiting: .seconds(1)) {
                        let rows = try? inSteps ? job.submit.sellInSteps(session) : job.submit.sell(session)
                        job.answer.resume(
                            returning: rows.map { $0.count == 1 ? $0.text(0, 0) : "known" } ?? "failed")
                    }
                }
            }
        }
    }

    func decide(_ submit: Submit) async -> String {
        await withCheckedContinuation { answer in
            _ = mailboxes[next.take() % mailboxes.count].put(Job(submit: submit, answer: answer))
        }
    }
}

extension Submit {
    private static let begin = Query(Statement(name: "begin", sql: LabQueries.begin), [])
    private static let commit = Query(Statement(name: "commit", sql: LabQueries.commit), [])

    /// One statement, one round trip: the best that can be made of it.
    fileprivate func sell(_ session: Session) throws(PostgresError) -> Rows {
        try session.run(
            Query(
                Statement(name: "conditional", sql: LabQueries.conditionalUpdate),
                [.text(token.text), .text(sku.text), .int4(Int32(quantity.units)), .text(buyer.text)]))
    }

    /// As shops write it: a transaction of an UPDATE and an INSERT, whose row stays locked over the round trips.
    fileprivate func sellInSteps(_ session: Session) throws(PostgresError) -> Rows {
        _ = try session.run(Self.begin)
        let taken = try session.run(
            Query(
                Statement(name: "take", sql: LabQueries.take),
                [.text(sku.text), .int4(Int32(quantity.units))]))
        let rows = try session.run(
            Query(
                Statement(name: "order", sql: LabQueries.order),
                [
                    .text(token.text), .text(sku.text), .int4(Int32(quantity.units)), .text(buyer.text),
                    .text(taken.count == 1 ? "confirmed" : "rejected"),
                ]))
        _ = try session.run(Self.commit)
        return rows
    }
}
