import Foundation
import NIOHTTP1
import Testing

@testable import WeirIngress
@testable import WeirWire

/// The OpenAPI file, the problems and the server say the same.
@Suite struct ContractTests {
    @Test func theOpenAPIFileListsEveryProblemAsTheServerSendsIt() {
        let types = Documents.openAPI["components"]?["schemas"]?["ProblemType"]?["oneOf"]?.elements ?? []
        let described = types.map {
            [$0["const"]?.string, $0["title"]?.string, $0["x-status"]?.number.map(String.init)]
        }
        let known = ProblemKind.all.map { [$0.type, $0.title, String($0.status)] }
        #expect(described == known)
    }

    /// The compiler cannot list static members, so this reads the source.
    @Test func everyKindOfProblemIsListed() throws {
        let folder = URL(filePath: #filePath).appending(path: "../../../../Sources/WeirIngress")
        let files = try #require(
            FileManager.default.enumerator(at: folder.standardizedFileURL, includingPropertiesForKeys: nil))
        var names: [String] = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /Self\(\s*[1-5][0-9][0-9], "([a-z-]+)"/) {
                names.append(String(match.1))
            }
        }
        #expect(names.sorted() == ProblemKind.all.map(\.name).sorted())
        #expect(Set(names).count == names.count)
    }

    @Test func everyRouteThatIsDescribedIsThere() async throws {
        try await IngressRoom.with(workers: false) { room in
            let paths = try #require(Documents.openAPI["paths"])
            for template in paths.names {
                for method in paths[template]?.names ?? [] where method != "parameters" {
                    let path = template.replacing("{name}", with: "not-found").replacing(
                        /{[a-z]+}/, with: "x")
                    // Refused before it does anything, since its cursor is made up; a stream would never end.
                    let query = path == "/v1/events" ? "?after=made-up" : ""
                    let reply = try await room.send(method.uppercased(), path + query)
                    let isMissing = reply.status == 405 || reply.problem == "not-found"
                    #expect(!isMissing, "\(method) \(template): \(reply.status)")
                }
            }
        }
    }

    @Test func bothDescriptionsAreServedAsTheyAre() async throws {
        try await IngressRoom.with(workers: false, waitUntilReady: false) { room in
            for (path, begin) in [("/openapi.yaml", "openapi: 3.1.0"), ("/asyncapi.yaml", "asyncapi: 3.0.0")]
            {
                let reply = try await room.get(path)
                #expect(reply.status == 200 && reply.bodyText.hasPrefix(begin))
                #expect(reply.headers.first(name: "content-type") == "application/yaml")
            }
        }
    }

    @Test func everyProblemHasAPageThatSaysWhatToDo() async throws {
        try await IngressRoom.with(workers: false, waitUntilReady: false) { room in
            let list = try await room.get("/problems")
            #expect(list.status == 200)
            for kind in ProblemKind.all {
                #expect(list.bodyText.contains("href=\"\(kind.type)\""))
                let page = try await room.get(kind.type)
                #expect(page.status == 200, "\(kind.type)")
                #expect(page.headers.first(name: "content-type") == "text/html; charset=utf-8")
                for text in [kind.title, "What it means", "What to do", "<b>\(kind.status)</b>"] {
                    #expect(page.bodyText.contains(text), "\(kind.type): \(text)")
                }
                #expect(kind.means.count > 20 && kind.remedy.count > 20, "\(kind.type)")
            }
            #expect(try await room.get("/problems/no-such-problem").status == 404)
        }
    }

    @Test func theRecorderSeesWhatIsNotDescribed() {
        func reply(_ status: Int, _ body: String, _ headers: [(String, String)] = []) -> Reply {
            Reply(
                status: status, headers: HTTPHeaders([("Content-Type", "application/json")] + headers),
                body: Array(body.utf8))
        }
        let alive = #"{"status":"alive"}"#
        #expect(Recorder.faults("GET", "/livez", reply(200, alive)) == [])
        for (method, path, status, body, headers) in [
            ("GET", "/livez", 204, alive, []), ("GET", "/livez", 200, #"{"status":"dead"}"#, []),
            ("GET", "/livez", 200, #"{"status":"alive","age":3}"#, []), ("GET", "/livez", 200, "{}", []),
            ("GET", "/livez", 200, alive, [("X-New", "1")]), ("DELETE", "/livez", 200, alive, []),
            ("GET", "/new", 200, alive, []), ("GET", "/v1/skus/a/b/c", 200, alive, []),
        ] {
            #expect(
                !Recorder.faults(method, path, reply(status, body, headers)).isEmpty,
                "\(method) \(path) \(status) \(body) \(headers)")
        }
    }
}
