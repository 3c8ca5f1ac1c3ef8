import ArgumentParser
import Configuration
import WeirCore
import WeirLive
import WeirTopology

struct TopologyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topology", abstract: "What the broker must look like.",
        subcommands: [Apply.self, Check.self, Export.self])

    struct Apply: WeirCommand {
        static let configuration = CommandConfiguration(abstract: "Declares what the broker lacks.")
        @OptionGroup var settings: CommandSettings

        func execute() async throws {
            let (tool, partitions) = try await tool(settings)
            try tool.apply()
            if settings.json { printJSON { $0.member("partitions", Int64(partitions)) } }
            say("the broker has the exchanges and queues of \(partitions) partitions")
        }
    }

    struct Check: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says where the broker is not as Weir needs it; exits with 1 if it is not.",
            discussion: """
                Compares exchanges, queues and their arguments; without the right to declare (weir-admin has it) only \
                whether they are there. A policy that overrides an argument can be seen only \
                on the broker itself: `weir doctor --rabbitmqctl rabbitmqctl` looks for one.
                """)
        @OptionGroup var settings: CommandSettings

        func execute() async throws {
            let findings = try await tool(settings).tool.check()
            if settings.json {
                printJSON {
                    $0.member("findings", array: findings.faults) { $0.member("detail", $1) }
                    $0.member("compared_arguments", findings.comparedArguments)
                }
            } else {
                for fault in findings.faults { print(fault) }
            }
            guard findings.faults.isEmpty else {
                throw Failure(
                    "run `weir topology apply`; a queue with other arguments must be deleted first", .failed)
            }
            say(
                findings.comparedArguments
                    ? "the broker is as Weir needs it"
                    : "the broker has everything; this user may not compare the arguments, weir-admin may")
        }
    }

    struct Export: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the topology as RabbitMQ's definitions file, with a user for each role.",
            discussion: """
                A user without a password cannot log in. --passwords puts in the hashes of WEIR_ADMIN_PASSWORD, \
                WEIR_INGRESS_PASSWORD and WEIR_WORKER_PASSWORD, other ones every time.
                """)
        @Option(parsing: .unconditional, help: "How many partitions.")
        var partitions = 8
        @Flag(help: "Put in the hashes of the users' passwords.")
        var passwords = false

        func execute() async throws {
            guard let partitioning = Partitioning(count: partitions) else {
                throw Failure(
                    "there may be \(Partitioning.range.lowerBound) to \(Partitioning.range.upperBound) partitions",
                    .usage)
            }
            let topology = BrokerTopology(partitions: partitioning.count)
            print(
                topology.definitions(passwordHashes: passwords ? try await Self.hashes() : [:]),
                terminator: "")
        }

        private static func hashes() async throws -> [String: String] {
            let reader = ConfigReader(provider: EnvironmentVariablesProvider())
            var hashes: [String: String] = [:]
            for (user, key) in [
                (BrokerTopology.admin, "weir.admin.password"),
                (BrokerTopology.ingress, "weir.ingress.password"),
                (BrokerTopology.worker, "weir.worker.password"),
            ] as [(BrokerUser, ConfigKey)] {
                guard let password = reader.string(forKey: key, isSecret: true), !password.isEmpty else {
                    throw Failure(
                        "the broker's user \(user.name) needs a password: set \(key.variable)", .usage)
                }
                hashes[user.name] = BrokerPassword.hash(password)
            }
            return hashes
        }
    }
}

extension ConfigKey {
    /// The environment's name for the key.
    fileprivate var variable: String { components.map { $0.uppercased() }.joined(separator: "_") }
}

private func tool(_ settings: CommandSettings) async throws -> (tool: TopologyTool, partitions: Int) {
    let reader = try await settings.reader()
    let amqpURL = try settings.requireAMQPURL(reader)
    let databaseURL = try settings.requireDatabaseURL(reader)
    let count = try Installation.read(databaseURL: databaseURL).partitioning.count
    return (TopologyTool(amqpURL: amqpURL, partitions: count), count)
}
