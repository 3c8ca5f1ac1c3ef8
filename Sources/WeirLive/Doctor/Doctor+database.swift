import Glibc
import PostgresClient
import WeirCore
import WeirTopology

/// What PostgreSQL tells.
extension Doctor {
    /// Its version, whether a commit is safe when it is answered, and its clock.
    func server(_ session: Session) throws -> [Finding] {
        let before = Self.clock
        let row = try session.run(Query(Queries.doctorServer))
        let after = Self.clock
        let version = row.text(0, 1)
        var findings = [
            row.int(0, 0) >= requirements.postgres
                ? Finding.well("postgresql", version)
                : .sick(
                    "postgresql",
                    "version \(version) is too old: Weir needs \(requirements.postgres / 10_000), for idle_session_timeout",
                    mend: "pg_upgrade, or a newer server")
        ]
        findings.append(try commits(row, session))
        findings.append(clock(row.timestamp(0, 5), before: before, after: after))
        return findings
    }

    private func commits(_ row: Rows, _ session: Session) throws -> Finding {
        let check = "synchronous_commit"
        let setting = row.text(0, 2)
        if setting == "off" {
            return .sick(
                check, "it is off: a crash of PostgreSQL loses what was acknowledged to the broker",
                mend:
                    "psql \"$DATABASE_URL\" -c 'alter database \"\(row.text(0, 7))\" set synchronous_commit = on',"
                    + " then restart the workers")
        }
        for name in ["fsync", "full_page_writes"].enumerated() where row.text(0, 3 + name.offset) != "on" {
            return .sick(
                check, "\(name.element) is off: a crash of the machine may destroy the database",
                mend:
                    "psql \"$DATABASE_URL\" -c 'alter system set \(name.element) = on' -c 'select pg_reload_conf()'"
            )
        }
        let lax = try session.run(Query(Queries.doctorLaxRoles))
        if lax.count > 0 {
            let role = lax.text(0, 0)
            return .sick(
                check, "it is off for \(role): its commits may be lost in a crash",
                mend:
                    "psql \"$DATABASE_URL\" -c 'alter role \"\(role)\" in database \"\(row.text(0, 7))\" reset"
                    + " synchronous_commit'")
        }
        return .well(check, setting)
    }

    private func clock(_ theirs: Int64, before: Int64, after: Int64) -> Finding {
        let difference = theirs < before ? theirs - before : max(0, theirs - after)
        guard abs(difference) <= Self.clockPatience else {
            return .sick(
                "clock",
                "PostgreSQL's clock is \(abs(difference) / 1_000_000) s \(difference > 0 ? "ahead of" : "behind") this"
                    + " machine's: holds go by PostgreSQL's and come out right, but JWTs and logs go by this one's",
                mend: "timedatectl set-ntp true, on both machines")
        }
        return .well("clock", "PostgreSQL's and this machine's agree")
    }

    /// This machine's clock, in microseconds since 1970.
    private static var clock: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }

    func migrations(_ session: Session) throws -> Finding {
        let rows = try session.run(Query(Queries.migrateApplied))
        let done = Set((0..<rows.count).map { rows.text($0, 0) })
        let missing = Migrations.all.map(\.name).filter { !done.contains($0) }
        guard missing.isEmpty else {
            return .sick("migrations", "missing: \(missing.joined(separator: ", "))", mend: "weir migrate")
        }
        let newer = done.subtracting(Migrations.all.map(\.name)).sorted()
        guard newer.isEmpty else {
            return .sick(
                "migrations", "the database is newer than this binary: \(newer.joined(separator: ", "))",
                mend: "install the newer weir")
        }
        return .well("migrations", "\(done.count) steps")
    }

    func timeline(_ installation: Installation) -> Finding {
        guard installation.isAccepted else {
            return .sick(
                "timeline",
                "the database is on another timeline than the one that was accepted: after a failover or a restore the"
                    + " end of the log may be missing, and the workers stand still",
                mend: "look at it, then weir migrate --accept-failover")
        }
        return .well("timeline", "the one that was accepted")
    }

    func privileges(_ session: Session) throws -> Finding {
        let role = try session.run(Query(Queries.doctorServer)).text(0, 6)
        let rows = try session.run(Query(Queries.doctorPrivileges))
        guard rows.count == 0 else {
            let tables = (0..<rows.count).map { rows.text($0, 0) }.joined(separator: ", ")
            return .sick(
                "privileges", "the role \(role) may not read and write: \(tables)", mend: Self.grant(to: role)
            )
        }
        return .well("privileges", "the role \(role) may read and write every table")
    }
}
