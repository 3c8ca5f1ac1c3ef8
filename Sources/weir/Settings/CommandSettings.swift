import AMQPClient
import ArgumentParser
import Configuration
import Foundation
import PostgresClient

/// Where a command finds its servers: a flag, then the environment, then a file, then a default.
///
/// Options have no default values of their own, or they would beat the environment.
struct CommandSettings: ParsableArguments {
    @Option(help: "A JSON file with settings, such as {\"database\":{\"url\":\"…\"}}. [env: WEIR_CONFIG]")
    var config: String?

    @Option(help: "PostgreSQL's URL. [env: DATABASE_URL]")
    var databaseURL: String?

    @Option(name: .customLong("amqp-url"), help: "RabbitMQ's URL. [env: AMQP_URL]")
    var amqpURL: String?

    @Flag(help: "Print data as JSON.")
    var json = false

    /// Reads the environment and the file.
    func reader() async throws -> ConfigReader {
        let environment = EnvironmentVariablesProvider()
        let path = config ?? ConfigReader(provider: environment).string(forKey: "weir.config")
        guard let path else { return ConfigReader(provider: environment) }
        try Self.checkKeys(of: path)
        let location = ConfigReader(
            provider: InMemoryProvider(values: ["filePath": .init(stringLiteral: path)]))
        do {
            let file = try await FileProvider<JSONSnapshot>(config: location)
            return ConfigReader(providers: [environment, file])
        } catch {
            throw Failure("the settings file \(path) cannot be read: \(error)", .failed)
        }
    }

    /// What a settings file may say.
    private static let knownKeys =
        [
            "amqp.url", "database.url", "weir.http.host", "weir.http.port", "weir.jwt.audience",
            "weir.jwt.issuer", "weir.jwt.jwks", "weir.log.format", "weir.log.level", "weir.metrics.host",
            "weir.metrics.port", "weir.partitions", "weir.role",
            "weir.tls.cert",
            "weir.tls.key",
        ] + LimitOptions.keys

    /// Refuses a file with a key that nobody reads: a misspelt setting must not become the default in silence.
    private static func checkKeys(of path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure("the settings file '\(path)' cannot be read", .usage)
        }
        guard let tree = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
            throw Failure("the settings file '\(path)' is not a JSON object", .usage)
        }
        func keys(_ tree: [String: Any], _ prefix: String) -> [String] {
            tree.flatMap { name, value in
                (value as? [String: Any]).map { keys($0, prefix + name + ".") } ?? [prefix + name]
            }
        }
        for key in keys(tree, "").sorted() where !knownKeys.contains(key) {
            throw Failure(
                "the settings file '\(path)' has the key '\(key)', which is unknown; known are "
                    + knownKeys.joined(separator: ", "), .usage)
        }
    }

    /// PostgreSQL's URL.
    func requireDatabaseURL(_ reader: ConfigReader) throws -> String {
        guard let url = databaseURL ?? reader.string(forKey: "database.url"), !url.isEmpty else {
            throw Failure(
                "where is PostgreSQL? Set DATABASE_URL, such as \(Self.databaseExample), or give --database-url",
                .usage)
        }
        do throws(PostgresError) {
            try SessionSettings(url: url, applicationName: "weir").checkURL()
        } catch {
            throw Failure(
                "DATABASE_URL (or --database-url) is not fit: \(error); write it like \(Self.databaseExample)",
                .usage)
        }
        return url
    }

    /// RabbitMQ's URL.
    func requireAMQPURL(_ reader: ConfigReader) throws -> String {
        guard let url = amqpURL ?? reader.string(forKey: "amqp.url"), !url.isEmpty else {
            throw Failure(
                "where is RabbitMQ? Set AMQP_URL, such as \(Self.amqpExample), or give --amqp-url", .usage)
        }
        do throws(AMQPError) {
            _ = try AMQPSettings(url: url).virtualHost
        } catch {
            throw Failure(
                "AMQP_URL (or --amqp-url) is not fit: \(error); write it like "
                    + (url.hasPrefix("amqps") ? Self.amqpsExample : Self.amqpExample), .usage)
        }
        return url
    }

    private static let databaseExample = "postgres://user:password@localhost/weir"
    private static let amqpExample = "amqp://user:password@localhost/"
    private static let amqpsExample = "amqps://user:password@localhost/?cacertfile=/path/ca.pem"
}

extension ConfigReader {
    /// A whole number in a range, or the default when nothing is said.
    func number(
        _ flag: Int?, forKey key: ConfigKey, in range: ClosedRange<Int>, default fallback: Int
    ) async throws -> Int {
        try await number(flag, forKey: key, in: range) ?? fallback
    }

    /// A whole number in a range. A bad value is an error that names it, never the default in silence.
    func number(_ flag: Int?, forKey key: ConfigKey, in range: ClosedRange<Int>) async throws -> Int? {
        var number = flag
        if number == nil {
            do {
                if let text = try await fetchString(forKey: key) {
                    guard let read = Int(text) else {
                        throw Failure("the setting \(key) is '\(text)'; it must be a whole number", .usage)
                    }
                    number = read
                }
            } catch let failure as Failure {
                throw failure
            } catch {
                // In a file a number is no string.
                guard let read = try? await fetchInt(forKey: key) else {
                    throw Failure("the setting \(key) must be a whole number", .usage)
                }
                number = read
            }
        }
        guard let number else { return nil }
        guard range.contains(number) else {
            throw Failure(
                "the setting \(key) is \(number); it must be from \(range.lowerBound) to \(range.upperBound)",
                .usage)
        }
        return number
    }
}
