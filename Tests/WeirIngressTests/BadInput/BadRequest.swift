import Foundation
import PostgresClient
import Testing

/// A request that must be refused, and how.
struct BadRequest: Sendable {
    var name: String
    var method = "POST"
    var path = "/v1/intents"
    var headers = [("Idempotency-Key", "t1"), ("Content-Type", "application/json")]
    var body: String? = good
    var status: Int
    var problem: String
    /// The pointer, header or parameter that the first error names.
    var place: String?

    static let good = #"{"sku":"shoe","quantity":1,"buyer":"ann"}"#

    /// A body of an intent that must be refused.
    static func body(_ body: String, _ status: Int, _ problem: String, _ place: String?) -> BadRequest {
        BadRequest(
            name: "body \(body.prefix(60))", body: body, status: status, problem: problem, place: place)
    }

    /// A GET that must be refused.
    static func get(_ path: String, _ status: Int, _ problem: String, _ place: String? = nil) -> BadRequest {
        BadRequest(
            name: "GET \(path.prefix(60))", method: "GET", path: path, body: nil, status: status,
            problem: problem, place: place)
    }
}

extension IngressRoom {
    /// Sends bad requests one after the other: each gets a problem that names the place and the remedy, in bounded
    /// time and memory, and all together change nothing.
    func refuse(_ requests: [BadRequest]) async throws {
        let before = try contents()
        let memory = residentBytes()
        for bad in requests {
            let start = ContinuousClock.now
            let reply = try await send(bad.method, bad.path, headers: bad.headers, body: bad.body)
            #expect(ContinuousClock.now - start < .seconds(5), "\(bad.name)")
            #expect(reply.status == bad.status, "\(bad.name): \(reply.status) \(reply.bodyText)")
            #expect(reply.problem == bad.problem, "\(bad.name): \(reply.bodyText)")
            #expect(reply.headers.first(name: "content-type") == "application/problem+json", "\(bad.name)")
            #expect(reply.number("status") == Int64(bad.status), "\(bad.name)")
            #expect(reply.body.count < 4_000, "\(bad.name)")
            if bad.status == 405 { #expect(reply.headers.first(name: "allow") != nil, "\(bad.name)") }
            let detail = reply.text("detail") ?? ""
            #expect(detail.count > 20, "\(bad.name): \(detail)")
            guard let place = bad.place else { continue }
            #expect(reply.place == place, "\(bad.name): \(reply.bodyText)")
            let named = place.replacing("~1", with: "/").replacing("~0", with: "~").drop { $0 == "/" }
            #expect(detail.contains(named), "\(bad.name): \(detail)")
        }
        #expect(try contents() == before)
        #expect(residentBytes() - memory < 64 << 20)
    }

    /// Everything that a client can change, as one text.
    func contents() throws -> String {
        let session = try Session(SessionSettings(url: room.databaseURL, applicationName: "test"))
        defer { session.close() }
        return try session.run(
            Query(
                Statement(
                    name: "contents",
                    sql: """
                        select (select coalesce(string_agg(i::text, ';' order by i.token), '') from intent i)
                            || '|' || (select coalesce(string_agg(s::text, ';' order by s.sku), '') from sku s)
                            || '|' || (select count(*) from dead_letter)::text
                        """))).text(0, 0)
    }
}

/// How much memory this process, the server included, has at the moment.
private func residentBytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) * 1024
}
