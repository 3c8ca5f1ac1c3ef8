import WeirWire

/// What a demo found, for a person and for a program.
struct DemoReport: Sendable {
    let plan: RushPlan
    let numbers: RushTally.Numbers
    let retries: Int
    let kill: Rush.Kill?
    let checks: RushChecks
    /// What `weir audit` wrote, line by line.
    let audit: [String]
    let auditExitCode: Int32
    let seconds: Double

    /// Whether every promise holds: the audit's and the buyers'.
    var holds: Bool { checks.holds && auditExitCode == 0 }

    private var expired: Int { checks.finals[.expired] ?? 0 }

    private var table: [(name: String, value: String)] {
        [
            ("buyers", "\(numbers.sent)"),
            ("accepted", "\(numbers.accepted)"),
            ("reserved", "\(numbers.reserved)"),
            ("sold at once", "\(numbers.soldAtOnce)"),
            ("sold out", "\(numbers.soldOut)"),
            ("turned away, nothing left", "\(numbers.turnedAway)"),
        ]
            + (checks.unheard > 0 ? [("  of these decided after all", "\(checks.unheard)")] : []) + [
                ("confirmed in the end", "\(checks.finals[.confirmed] ?? 0)"),
                ("cancelled", "\(checks.finals[.cancelled] ?? 0)"),
                ("expired", "\(expired)"),
                ("duplicates absorbed", "\(numbers.duplicatesAbsorbed)"),
                ("conflicts refused", "\(numbers.conflictsRefused)"),
                ("conflicts at a closed gate", "\(numbers.conflictsSoldOut)"),
                ("answers lost, asked again", "\(numbers.lostAnswers)"),
                ("retries after a failure", "\(retries)"),
                ("gave up", "\(numbers.gaveUp)"),
                ("intents per second", numbers.perSecond.fixed(0)),
                ("p50 to outcome", "\(numbers.toOutcome.milliseconds(percentile: 50).fixed(1)) ms"),
                ("p99 to outcome", "\(numbers.toOutcome.milliseconds(percentile: 99).fixed(1)) ms"),
                ("longest", "\(numbers.toOutcome.longestMilliseconds.fixed(1)) ms"),
            ]
    }

    /// The report as lines.
    var text: String {
        var lines = table.map { $0.name.padded(to: 28) + $0.value.leftPadded(to: 12) }
        if let kill {
            let pause = kill.recoveredAfter.map { "\(($0 / .seconds(1)).fixed(2)) s" } ?? "not in time"
            lines.append("killed worker's work taken over".padded(to: 32) + pause.leftPadded(to: 8))
        }
        lines.append("")
        lines.append("What the buyers know:")
        for check in checks.checks {
            lines.append(
                "  \(check.title): \(check.broken == 0 ? "holds" : "IS BROKEN"), \(check.checked) checked, "
                    + "\(check.broken) broken")
            lines += check.problems.map { "    \($0)" }
        }
        lines.append("What the database says (weir audit, exit code \(auditExitCode)):")
        lines += audit.map { "  \($0)" }
        lines.append(
            holds
                ? "Every promise holds. \(seconds.fixed(1)) s in all."
                : "A PROMISE IS BROKEN. \(seconds.fixed(1)) s in all.")
        return lines.joined(separator: "\n")
    }

    /// The report as one JSON object.
    var json: [UInt8] {
        JSONWriter.object(capacity: 4096) { json in
            json.member("holds", holds)
            json.member("buyers", Int64(numbers.sent))
            json.member("units", plan.hot.stocked)
            json.member("other_skus", Int64(plan.others.count))
            json.member("accepted", Int64(numbers.accepted))
            json.member("reserved", Int64(numbers.reserved))
            json.member("sold_at_once", Int64(numbers.soldAtOnce))
            json.member("sold_out", Int64(numbers.soldOut))
            json.member("turned_away", Int64(numbers.turnedAway))
            json.member("other_rejections", Int64(numbers.otherRejections))
            json.member("confirmed", Int64(checks.finals[.confirmed] ?? 0))
            json.member("cancelled", Int64(checks.finals[.cancelled] ?? 0))
            json.member("expired", Int64(expired))
            json.member("duplicates_absorbed", Int64(numbers.duplicatesAbsorbed))
            json.member("conflicts_refused", Int64(numbers.conflictsRefused))
            json.member("conflicts_sold_out", Int64(numbers.conflictsSoldOut))
            json.member("decided_unheard", Int64(checks.unheard))
            json.member("lost_answers", Int64(numbers.lostAnswers))
            json.member("retries", Int64(retries))
            json.member("gave_up", Int64(numbers.gaveUp))
            json.member("intents_per_second", Int64(numbers.perSecond.rounded()))
            json.member("to_outcome_microseconds", object: { numbers.toOutcome.write(to: &$0) })
            if let kill {
                json.member(
                    "kill",
                    object: { json in
                        json.member("worker", kill.worker)
                        json.member("partitions", array: kill.partitions) {
                            $0.member("partition", Int64($1))
                        }
                        json.member("owned_hot_sku", kill.ownedHotSKU)
                        json.member("outcomes_before", Int64(kill.decidedBefore))
                        if let duration = kill.recoveredAfter {
                            json.member("recovered_after_milliseconds", Int64(duration / .milliseconds(1)))
                        }
                    })
            }
            json.member("checks", array: checks.checks) { json, check in
                json.member("name", check.name)
                json.member("title", check.title)
                json.member("checked", Int64(check.checked))
                json.member("broken", Int64(check.broken))
                json.member("examples", array: check.problems) { $0.member("detail", $1) }
            }
            json.member("audit_exit_code", Int64(auditExitCode))
            json.member("audit", array: audit) { $0.member("line", $1) }
            json.member("milliseconds", Int64(seconds * 1000))
        }
    }
}
