import Foundation
import PostgresClient

/// Which process owns which partition, as the database's locks and this machine's sockets tell: nobody is asked who
/// might be wrong about himself.
struct PartitionOwners: Sendable {
    /// Partitions that have an owner, with the port of the owner's connection.
    let ports: [Int: Int]

    /// Reads the locks.
    static func read(databaseURL: String) async throws -> PartitionOwners {
        try await withCheckedThrowingContinuation { continuation in
            // A session belongs to one thread, and it blocks.
            DispatchQueue.global().async {
                continuation.resume(with: Result { try PartitionOwners(databaseURL: databaseURL) })
            }
        }
    }

    private init(databaseURL: String) throws {
        let session = try Session(SessionSettings(url: databaseURL, applicationName: "weir demo"))
        defer { session.close() }
        let rows = try session.run(Query(Self.locks, [.int4(Self.lockClass)]))
        var ports: [Int: Int] = [:]
        for row in 0..<rows.count { ports[rows.int(row, 0)] = rows.int(row, 1) }
        self.ports = ports
    }

    /// The class of the partitions' advisory locks: "WEIR".
    private static let lockClass: Int32 = 0x5745_4952
    private static let locks = Statement(
        name: "demo_owners",
        sql: """
            select l.objid::integer, a.client_port
            from pg_locks l
            join pg_stat_activity a on a.pid = l.pid and a.client_port > 0
            join pg_database d on d.oid = l.database and d.datname = current_database()
            where l.locktype = 'advisory' and l.objsubid = 2 and l.granted and l.classid::integer = $1
            """)

    /// The partitions that a process owns.
    func partitions(of pid: pid_t) -> [Int] {
        let inodes = Self.sockets(of: pid)
        let mine = Self.inodes(ofLocalPorts: Set(ports.values))
        return ports.filter { mine[$0.value].map(inodes.contains) ?? false }.keys.sorted()
    }

    /// The inodes of the sockets that a process has open.
    private static func sockets(of pid: pid_t) -> Set<String> {
        let folder = "/proc/\(pid)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Set(
            names.compactMap { name in
                guard
                    let target = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "\(folder)/\(name)"), target.hasPrefix("socket:[")
                else { return nil }
                return String(target.dropFirst("socket:[".count).dropLast())
            })
    }

    /// The inode of the socket at each local port, from /proc/net/tcp: its columns are a number, the local address, the
    /// remote one, the state (01: established) and six more up to the inode.
    private static func inodes(ofLocalPorts ports: Set<Int>) -> [Int: String] {
        let table = (try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? ""
        var inodes: [Int: String] = [:]
        for line in table.split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ")
            guard columns.count > 9, columns[3] == "01",
                let port = columns[1].split(separator: ":").last.flatMap({ Int($0, radix: 16) }),
                ports.contains(port)
            else { continue }
            inodes[port] = String(columns[9])
        }
        return inodes
    }
}
