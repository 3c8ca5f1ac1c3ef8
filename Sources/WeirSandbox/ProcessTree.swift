import Foundation

/// One process as `/proc` shows it. The start time tells it from a later process with the same pid.
struct ProcessIdentity: Hashable, Sendable {
    let pid: pid_t
    let startTime: UInt64

    /// Whether this very process is still there and not merely waiting to be collected.
    var isAlive: Bool {
        guard let now = ProcessRecord(pid: pid) else { return false }
        return now.identity == self && now.state != "Z"
    }

    /// Whether it is stopped by SIGSTOP.
    var isStopped: Bool {
        guard let now = ProcessRecord(pid: pid) else { return false }
        return now.identity == self && now.state == "T"
    }

    /// Sends a signal if the pid still belongs to this process.
    func signal(_ number: Int32) {
        if isAlive { Glibc.kill(pid, number) }
    }
}

/// The fields of `/proc/PID/stat` that we need; the file is readable for everybody, unlike most others there.
struct ProcessRecord: Sendable {
    let identity: ProcessIdentity
    let parent: pid_t
    let state: Substring

    init?(pid: pid_t) {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        // The second field is the name in parentheses, and may itself contain spaces and parentheses.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let parent = pid_t(fields[1]), let start = UInt64(fields[19]) else {
            return nil
        }
        self.identity = ProcessIdentity(pid: pid, startTime: start)
        self.parent = parent
        self.state = fields[0]
    }
}

/// A server's first process and everything that descends from it.
struct ProcessTree {
    /// The root comes first.
    let processes: [ProcessIdentity]

    init(root: pid_t) {
        guard let first = ProcessRecord(pid: root) else {
            processes = []
            return
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let records = names.compactMap { pid_t($0) }.compactMap { ProcessRecord(pid: $0) }
        let children = Dictionary(grouping: records, by: \.parent)
        var found = [first.identity]
        var next = 0
        while next < found.count {
            found += (children[found[next].pid] ?? []).map(\.identity)
            next += 1
        }
        processes = found
    }
}
