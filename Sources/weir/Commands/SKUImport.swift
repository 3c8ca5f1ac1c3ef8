import ArgumentParser
import Foundation
import WeirWire

extension SKUCommand {
    struct Import: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Defines the SKUs of a CSV file, with progress.",
            discussion: """
                The heading names the columns: sku, and any field of a definition (\(SKUImportFile.columns)); an \
                empty field takes the default. The whole file is read before anything is sent: of one with mistakes \
                every wrong line is named, and nothing changes. A line that the server refuses is reported, and the \
                others go on. Of a SKU that is known the policy is replaced and the stock stays.
                """)
        @OptionGroup var server: ServerOptions
        @Argument(help: "The file.", completion: .file(extensions: ["csv"])) var file: String
        @Option(parsing: .unconditional, help: "How many are sent at once, 1 to 64.") var parallel = 8

        func validate() throws {
            guard (1...64).contains(parallel) else {
                throw ValidationError("--parallel must be from 1 to 64")
            }
        }

        func execute() async throws {
            let lines = try SKUImportFile(file).lines
            let progress = ProgressLine(silent: server.json)
            defer { progress.finish() }
            var (done, refused, restocked) = (0, 0, [String]())
            try await server.withClient(connections: parallel) { client in
                try await withThrowingTaskGroup(of: SKUImportFile.Sent.self) { group in
                    var rest = lines[...]
                    for line in rest.prefix(parallel) { group.addTask { try await line.send(client) } }
                    rest = rest.dropFirst(parallel)
                    while let sent = try await group.next() {
                        done += 1
                        switch sent {
                        case .done: break
                        case .keptStock(let sku): restocked.append(sku)
                        case .refused(let problem):
                            refused += 1
                            progress.clear()
                            say(problem)
                        }
                        progress.show("\(done) of \(count(lines.count, "SKU"))")
                        if let next = rest.popFirst() { group.addTask { try await next.send(client) } }
                    }
                }
            }
            progress.finish("\(done) of \(count(lines.count, "SKU"))")
            if let sku = restocked.min() {
                say(
                    "known already with another stock than the file's: \(count(restocked.count, "SKU")); the stock stays as"
                        + " it was, to change it: weir sku adjust \(sku) --delta …")
            }
            if server.json {
                printJSON {
                    $0.member("defined", Int64(lines.count - refused))
                    $0.member("refused", Int64(refused))
                    $0.member("stock_kept", Int64(restocked.count))
                }
            } else {
                print("\(count(lines.count - refused, "SKU")) defined, \(refused) refused")
            }
            guard refused == 0 else { throw ExitCode(Failure.Code.failed.rawValue) }
        }
    }
}
