import ArgumentParser
import WeirCore
import WeirLive
import WeirWire

struct MigrateCommand: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Brings the database to what this binary needs.")

    @OptionGroup var settings: CommandSettings

    @Option(
        parsing: .unconditional,
        help:
            "How many partitions: chosen at the first migration, 8 if nothing is said. [env: WEIR_PARTITIONS]"
    )
    var partitions: Int?

    @Flag(help: "After a failover or a restore: take this database as the one to go on with.")
    var acceptFailover = false

    func execute() async throws {
        let reader = try await settings.reader()
        let migrator = Migrator(databaseURL: try settings.requireDatabaseURL(reader))
        let asked = try await reader.number(
            partitions, forKey: "weir.partitions", in: Partitioning.range)
        let outcome = try migrator.run(
            partitions: asked.flatMap(Partitioning.init), acceptFailover: acceptFailover)
        if !outcome.installation.isAccepted {
            say(
                "weir: this database is on another timeline than the one that was accepted; workers will not start"
                    + " before you have looked at it and run `weir migrate --accept-failover`")
        }
        let count = Int64(outcome.installation.partitioning.count)
        if settings.json {
            printJSON {
                $0.member("partitions", count)
                $0.member("accepted", outcome.installation.isAccepted)
                $0.member("applied", array: outcome.applied) { $0.member("name", $1) }
            }
        } else {
            for step in outcome.applied { print("applied \(step)") }
            print("the database has \(count) partitions")
        }
    }
}
