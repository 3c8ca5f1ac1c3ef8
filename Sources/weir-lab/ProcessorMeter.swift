import Foundation

/// Adds up the processor time of processes and all that they have started.
struct ProcessorMeter {
    let name: String
    let roots: [Int32]

    /// Processor seconds that the living processes have used so far.
    var seconds: Double {
        let folder = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var children: [Int32: [Int32]] = [:]
        var used: [Int32: Double] = [:]
        for pid in folder.compactMap({ Int32($0) }) {
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let fields = stat.split(separator: ")").last?.split(separator: " "), fields.count > 12,
                let parent = Int32(fields[1]), let user = Double(fields[11]), let system = Double(fields[12])
            else { continue }
            children[parent, default: []].append(pid)
            used[pid] = (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }
        var (sum, left) = (0.0, roots)
        while let pid = left.popLast() {
            sum += used[pid] ?? 0
            left += children[pid] ?? []
        }
        return sum
    }
}
