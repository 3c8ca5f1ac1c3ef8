import ArgumentParser
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
                Compares exchanges, queues and their arguments. A policy that overrides an argument can be seen only \
                on the broker itself: `rabbitmqctl list_queues name effective_policy_definition`.
                """)
        @OptionGroup var settings: CommandSettings

        func execute() async throws {
            let findings = try await tool(settings).tool.check()
            if settings.json {
                printJSON { $0.member("findings", array: findings) { $0.member("detail", $1) } }
            } else {
                for finding in findings { print(finding) }
            }
            guard findings.isEmpty else {
                throw Failure(
                    "run `weir topology apply`; a queue with other arguments must be deleted first", .failed)
            }
            say("the broker is as Weir needs it")
        }
    }

    struct Export: WeirCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the topology as RabbitMQ's definitions file.")
        @Option(help: "How many partitions.")
        var partitions = 8

        func execute() async throws {
            guard let partitioning = Partitioning(count: partitions) else {
                throw Failure(
                    "there may be \(Partitioning.range.lowerBound) to \(Partitioning.range.upperBound) partitions",
                    .usage)
            }
            print(BrokerTopology(partitions: partitioning.count).definitions, terminator: "")
        }
    }
}

private func tool(_ settings: CommandSettings) async throws -> (tool: TopologyTool, partitions: Int) {
    let reader = try await settings.reader()
    let amqpURL = try settings.requireAMQPURL(reader)
    let databaseURL = try settings.requireDatabaseURL(reader)
    let count = try Installation.read(databaseURL: databaseURL).partitioning.count
    return (TopologyTool(amqpURL: amqpURL, partitions: count), count)
}
