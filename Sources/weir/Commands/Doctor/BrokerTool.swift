import AMQPClient
import Foundation
import WeirLive

/// RabbitMQ's own command line tool, run as a child process.
struct BrokerTool {
    /// Its words.
    let command: [String]

    /// What it tells of the virtual host of an AMQP URL.
    func view(of amqpURL: String) throws -> BrokerView {
        let vhost = try AMQPSettings(url: amqpURL).virtualHost
        let names = try rows(["-p", vhost, "list_queues"], ["name"]).compactMap { text($0["name"]) }
        let policies = try rows(["-p", vhost, "list_policies"], []).compactMap(Policy.init)
        let hard = try rows(["-p", vhost, "list_operator_policies"], []).compactMap(Policy.init)
        let permissions = try rows(["-p", vhost, "list_permissions"], [])
        return BrokerView(
            queues: names.map { name in
                let (policy, operatorPolicy) = (
                    Policy.effective(policies, name), Policy.effective(hard, name)
                )
                return .init(
                    queue: name, policy: policy?.name, operatorPolicy: operatorPolicy?.name,
                    settings: policy?.settings ?? [], operatorSettings: operatorPolicy?.settings ?? [])
            },
            permissions: permissions.map { row in
                .init(
                    user: text(row["user"]) ?? "", configure: text(row["configure"]) ?? "",
                    write: text(row["write"]) ?? "", read: text(row["read"]) ?? "")
            })
    }

    /// A policy as `list_policies` shows it. RabbitMQ 3.10 cannot list what is effective for a queue, so it is worked
    /// out here: of the policies that match, the one of the highest priority, and no other.
    private struct Policy {
        let name: String
        let pattern: String
        let priority: Int
        let settings: Set<String>

        init?(_ row: [String: Any]) {
            guard let name = row["name"] as? String, let pattern = row["pattern"] as? String,
                (row["apply-to"] as? String ?? "all") != "exchanges"
            else { return nil }
            (self.name, self.pattern) = (name, pattern)
            priority = row["priority"] as? Int ?? 0
            // Some versions print the definition as an object, some as the text of one.
            let definition =
                row["definition"] as? [String: Any]
                ?? (row["definition"] as? String).flatMap {
                    (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
                }
            settings = Set((definition ?? [:]).keys)
        }

        static func effective(_ policies: [Policy], _ queue: String) -> Policy? {
            policies.filter { (try? Regex($0.pattern).firstMatch(in: queue)) != nil }
                .max { $0.priority < $1.priority }
        }
    }

    private func text(_ value: Any?) -> String? { (value as? String).flatMap { $0.isEmpty ? nil : $0 } }

    private func rows(_ arguments: [String], _ columns: [String]) throws -> [[String: Any]] {
        let output = try run(arguments + ["--quiet", "--formatter", "json"] + columns)
        guard let rows = (try? JSONSerialization.jsonObject(with: output)) as? [[String: Any]] else {
            throw Failure("'\(command.joined(separator: " "))' did not answer in JSON", .failed)
        }
        return rows
    }

    private func run(_ arguments: [String]) throws -> Data {
        let name = command.joined(separator: " ")
        guard let program = command.first else { throw Failure("--rabbitmqctl is empty", .usage) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + command.dropFirst() + arguments
        let (output, errors) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (
            FileHandle.nullDevice, output, errors
        )
        do {
            try process.run()
        } catch {
            throw Failure("'\(name)' cannot be run: \(error)", .failed)
        }
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                "'\(name)' ended with \(process.terminationStatus): \(said.split(separator: "\n").first ?? "no word")",
                .failed)
        }
        return data
    }
}
