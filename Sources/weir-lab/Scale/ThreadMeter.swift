import Foundation

/// The processor time of each thread of some processes: the busiest one is the limit of its process, however many cores
/// there are.
struct ThreadMeter {
    let processes: [Int32]

    /// Processor seconds so far, by process, thread and name.
    var seconds: [String: Double] {
        var seconds: [String: Double] = [:]
        for process in processes {
            let folder = "/proc/\(process)/task"
            for thread in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                guard let stat = try? String(contentsOfFile: "\(folder)/\(thread)/stat", encoding: .utf8),
                    let (name, used) = Self.read(stat)
                else { continue }
                seconds["\(process) \(thread) \(name)"] = used
            }
        }
        return seconds
    }

    /// The name and the processor seconds in a line of `/proc/…/stat`.
    static func read(_ stat: String) -> (name: String, seconds: Double)? {
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            return nil
        }
        let name = stat[stat.index(after: open)..<close]
        return (String(name), (user + system) / Double(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// The threads that used most since then, the busiest first, with their names.
    func busiest(_ count: Int, since before: [String: Double]) -> [(name: String, seconds: Double)] {
        seconds.map { thread, used in
            let name = thread.split(separator: " ", maxSplits: 2).last.map(String.init) ?? thread
            return (name, used - (before[thread] ?? 0))
        }.sorted { $0.1 > $1.1 }.prefix(count).map { $0 }
    }
}
