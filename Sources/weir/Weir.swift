import ArgumentParser

/// The command line: it composes, and does nothing itself.
@main
struct Weir: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir",
        abstract: "Takes a flood of purchase intents and never sells one unit too many.",
        discussion: """
            Servers are found through DATABASE_URL and AMQP_URL, or through a settings file (--config, WEIR_CONFIG).
            Exit codes: 0 done, 1 failed, 3 a promise is broken, 64 usage, 69 a server cannot be reached.
            """,
        version: "0.1.0",
        subcommands: [
            DemoCommand.self, ServeCommand.self, MigrateCommand.self, TopologyCommand.self, SKUCommand.self,
            IntentCommand.self, OrderCommands.self, LoadCommand.self, DeadCommand.self, KeysCommand.self,
            AuditCommand.self, PruneCommand.self, SimulateCommand.self, DoctorCommand.self,
        ])
}
