import ArgumentParser
import Foundation
import Logging
import WeirLive
import WeirWire

/// `weir doctor`: what is wrong with the servers, and what mends it.
struct DoctorCommand: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Looks at the servers and says what is wrong and which command mends it; exits with 1 if anything is.",
        discussion: """
            Policies and the rights of other users cannot be seen over AMQP. On the broker's machine add \
            --rabbitmqctl rabbitmqctl, from elsewhere --rabbitmqctl 'ssh broker rabbitmqctl'.
            """)
    @OptionGroup var settings: CommandSettings
    @Option(help: "The command that runs rabbitmqctl, its words separated by blanks. [env: WEIR_RABBITMQCTL]")
    var rabbitmqctl: String?

    func execute() async throws {
        let reader = try await settings.reader()
        let (databaseURL, amqpURL) = (
            try settings.requireDatabaseURL(reader), try settings.requireAMQPURL(reader)
        )
        let words = rabbitmqctl ?? ProcessInfo.processInfo.environment["WEIR_RABBITMQCTL"]
        let findings = try await onThread {
            let view = try words.map {
                try BrokerTool(command: $0.split(separator: " ").map(String.init)).view(of: amqpURL)
            }
            return try Doctor(
                databaseURL: databaseURL, amqpURL: amqpURL, view: view,
                logger: Logger(label: "weir.doctor") { _ in SwiftLogNoOpLogHandler() }
            ).examine()
        }
        let sick = findings.count { $0.verdict == .sick }
        if settings.json {
            printJSON {
                $0.member("healthy", sick == 0)
                $0.member("findings", array: findings) { $1.write(to: &$0) }
            }
        } else {
            for finding in findings { print(Self.lines(finding)) }
        }
        guard sick == 0 else { throw Failure("\(count(sick, "thing")) to mend", .failed) }
    }

    private static func lines(_ finding: Finding) -> String {
        let word =
            switch finding.verdict {
            case .well: "well  "
            case .sick: "SICK  "
            case .unseen: "unseen"
            }
        let check = finding.check + String(repeating: " ", count: max(0, 18 - finding.check.count))
        let line = "\(word)  \(check)  \(finding.detail)"
        guard let remedy = finding.remedy else { return line }
        return line
            + "\n                            \(finding.verdict == .sick ? "mend it:" : "see it:") \(remedy)"
    }
}
