import ArgumentParser

struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Messages that could not be decided: look at them, send them again, give them up.",
        discussion: """
            Begin with `weir dead groups`. Letters are chosen by --where NAME=VALUE,… with sku, reason, fault, type, \
            token, partition, state, since, until (2026-11-21T09:30:00Z, or 30m, 2h, 7d ago) and text; a comma in a \
            value is written \\,. Only open letters are meant unless state= says otherwise.
            """,
        subcommands: [
            DeadList.self, DeadGroups.self, DeadShow.self, DeadReplay.self, DeadReplays.self, DeadEdit.self,
            DeadDiscard.self, DeadRestore.self, DeadExport.self, DeadImport.self,
        ])
}
