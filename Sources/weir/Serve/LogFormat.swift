import ArgumentParser
import Foundation
import Logging
import WeirCore
import WeirWire

/// How log lines look.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json

    /// A handler that writes to standard error.
    func handler(label: String, level: Logger.Level) -> any LogHandler {
        switch self {
        case .text:
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        case .json: return JSONLogHandler(label: label, logLevel: level)
        }
    }
}

/// One JSON object a line: `time`, `level`, `label`, `message`, then the metadata.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        FileHandle.standardError.write(Data(line(event, at: .now)))
    }

    /// A line with its end. Members of the metadata that are called like ours are told apart by a `_`.
    func line(_ event: LogEvent, at moment: Timestamp) -> [UInt8] {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        return JSONWriter.object { json in
            json.member("time", moment.rfc3339)
            json.member("level", event.level.rawValue)
            json.member("label", label)
            json.member("message", "\(event.message)")
            for (key, value) in all {
                let isTaken = ["time", "level", "label", "message"].contains(key)
                json.member(named: isTaken ? "_" + key : key, .text("\(value)"))
            }
        } + [UInt8(ascii: "\n")]
    }
}
