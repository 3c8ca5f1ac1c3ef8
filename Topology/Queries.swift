/// Every query of this folder, by what it is for: `commit…` writes a batch, `read…` makes its snapshot, `own…` is
/// about locks, `look…` serves the API and the command line; the others say it themselves.
public enum Queries {
    public static let auditBuyers = SQLText("audit_buyers", PackageResources.audit_buyers_sql)
    public static let auditClaimsWithoutStock = SQLText(
        "audit_claims_without_stock", PackageResources.audit_claims_without_stock_sql)
    public static let auditEnd = SQLText("audit_end", PackageResources.audit_end_sql)
    public static let auditIntents = SQLText("audit_intents", PackageResources.audit_intents_sql)
    public static let auditKeptIntents = SQLText(
        "audit_kept_intents", PackageResources.audit_kept_intents_sql)
    public static let auditKeptSkus = SQLText("audit_kept_skus", PackageResources.audit_kept_skus_sql)
    public static let auditLinesWithoutOrder = SQLText(
        "audit_lines_without_order", PackageResources.audit_lines_without_order_sql)
    public static let auditLog = SQLText("audit_log", PackageResources.audit_log_sql)
    public static let auditNumbering = SQLText("audit_numbering", PackageResources.audit_numbering_sql)
    public static let auditOrderLines = SQLText("audit_order_lines", PackageResources.audit_order_lines_sql)
    public static let auditOrders = SQLText("audit_orders", PackageResources.audit_orders_sql)
    public static let auditPartitions = SQLText("audit_partitions", PackageResources.audit_partitions_sql)
    public static let auditRest = SQLText("audit_rest", PackageResources.audit_rest_sql)
    public static let auditRows = SQLText("audit_rows", PackageResources.audit_rows_sql)
    public static let auditSkus = SQLText("audit_skus", PackageResources.audit_skus_sql)
    public static let auditSnapshot = SQLText("audit_snapshot", PackageResources.audit_snapshot_sql)
    public static let auditStocks = SQLText("audit_stocks", PackageResources.audit_stocks_sql)
    public static let auditThresholds = SQLText("audit_thresholds", PackageResources.audit_thresholds_sql)
    public static let commitChangeBuyers = SQLText(
        "commit_change_buyers", PackageResources.commit_change_buyers_sql)
    public static let commitClearSuspects = SQLText(
        "commit_clear_suspects", PackageResources.commit_clear_suspects_sql)
    public static let commitCountBuyers = SQLText(
        "commit_count_buyers", PackageResources.commit_count_buyers_sql)
    public static let commitInsertAddresses = SQLText(
        "commit_insert_addresses", PackageResources.commit_insert_addresses_sql)
    public static let commitInsertCommands = SQLText(
        "commit_insert_commands", PackageResources.commit_insert_commands_sql)
    public static let commitInsertDeadLetters = SQLText(
        "commit_insert_dead_letters", PackageResources.commit_insert_dead_letters_sql)
    public static let commitInsertEvents = SQLText(
        "commit_insert_events", PackageResources.commit_insert_events_sql)
    public static let commitInsertIntents = SQLText(
        "commit_insert_intents", PackageResources.commit_insert_intents_sql)
    public static let commitInsertOrderParts = SQLText(
        "commit_insert_order_parts", PackageResources.commit_insert_order_parts_sql)
    public static let commitInsertOrders = SQLText(
        "commit_insert_orders", PackageResources.commit_insert_orders_sql)
    public static let commitInsertSkus = SQLText(
        "commit_insert_skus", PackageResources.commit_insert_skus_sql)
    public static let commitInsertSpecialIntents = SQLText(
        "commit_insert_special_intents", PackageResources.commit_insert_special_intents_sql)
    public static let commitMoveForwarded = SQLText(
        "commit_move_forwarded", PackageResources.commit_move_forwarded_sql)
    public static let commitMoveHead = SQLText("commit_move_head", PackageResources.commit_move_head_sql)
    public static let commitNoteLatePayments = SQLText(
        "commit_note_late_payments", PackageResources.commit_note_late_payments_sql)
    public static let commitReturnDeadLetters = SQLText(
        "commit_return_dead_letters", PackageResources.commit_return_dead_letters_sql)
    public static let commitUpdateIntents = SQLText(
        "commit_update_intents", PackageResources.commit_update_intents_sql)
    public static let commitUpdateOrderParts = SQLText(
        "commit_update_order_parts", PackageResources.commit_update_order_parts_sql)
    public static let commitUpdateOrders = SQLText(
        "commit_update_orders", PackageResources.commit_update_orders_sql)
    public static let commitUpdatePolicies = SQLText(
        "commit_update_policies", PackageResources.commit_update_policies_sql)
    public static let commitUpdateSkus = SQLText(
        "commit_update_skus", PackageResources.commit_update_skus_sql)
    public static let deadCount = SQLText("dead_count", PackageResources.dead_count_sql)
    public static let deadDiscard = SQLText("dead_discard", PackageResources.dead_discard_sql)
    public static let deadEdit = SQLText("dead_edit", PackageResources.dead_edit_sql)
    public static let deadGroups = SQLText("dead_groups", PackageResources.dead_groups_sql)
    public static let deadHistory = SQLText("dead_history", PackageResources.dead_history_sql)
    public static let deadImport = SQLText("dead_import", PackageResources.dead_import_sql)
    public static let deadNote = SQLText("dead_note", PackageResources.dead_note_sql)
    public static let deadRestore = SQLText("dead_restore", PackageResources.dead_restore_sql)
    public static let doctorLaxRoles = SQLText("doctor_lax_roles", PackageResources.doctor_lax_roles_sql)
    public static let doctorPartitions = SQLText("doctor_partitions", PackageResources.doctor_partitions_sql)
    public static let doctorPrivileges = SQLText("doctor_privileges", PackageResources.doctor_privileges_sql)
    public static let doctorServer = SQLText("doctor_server", PackageResources.doctor_server_sql)
    public static let keysInsert = SQLText("keys_insert", PackageResources.keys_insert_sql)
    public static let keysKnown = SQLText("keys_known", PackageResources.keys_known_sql)
    public static let keysList = SQLText("keys_list", PackageResources.keys_list_sql)
    public static let keysRevoke = SQLText("keys_revoke", PackageResources.keys_revoke_sql)
    public static let lookClosedSkus = SQLText("look_closed_skus", PackageResources.look_closed_skus_sql)
    public static let lookDeadLetters = SQLText("look_dead_letters", PackageResources.look_dead_letters_sql)
    public static let lookEvents = SQLText("look_events", PackageResources.look_events_sql)
    public static let lookGauges = SQLText("look_gauges", PackageResources.look_gauges_sql)
    public static let lookHeads = SQLText("look_heads", PackageResources.look_heads_sql)
    public static let lookInstallation = SQLText("look_installation", PackageResources.look_installation_sql)
    public static let lookIntents = SQLText("look_intents", PackageResources.look_intents_sql)
    public static let lookOpenLetters = SQLText("look_open_letters", PackageResources.look_open_letters_sql)
    public static let lookOrders = SQLText("look_orders", PackageResources.look_orders_sql)
    public static let lookOwners = SQLText("look_owners", PackageResources.look_owners_sql)
    public static let lookSessionSettings = SQLText(
        "look_session_settings", PackageResources.look_session_settings_sql)
    public static let lookSkus = SQLText("look_skus", PackageResources.look_skus_sql)
    public static let lookTrace = SQLText("look_trace", PackageResources.look_trace_sql)
    public static let migrateAcceptFailover = SQLText(
        "migrate_accept_failover", PackageResources.migrate_accept_failover_sql)
    public static let migrateApplied = SQLText("migrate_applied", PackageResources.migrate_applied_sql)
    public static let migrateBegin = SQLText("migrate_begin", PackageResources.migrate_begin_sql)
    public static let migrateEncoding = SQLText("migrate_encoding", PackageResources.migrate_encoding_sql)
    public static let migrateEnd = SQLText("migrate_end", PackageResources.migrate_end_sql)
    public static let migrateHistory = SQLText("migrate_history", PackageResources.migrate_history_sql)
    public static let migrateInstall = SQLText("migrate_install", PackageResources.migrate_install_sql)
    public static let migrateLock = SQLText("migrate_lock", PackageResources.migrate_lock_sql)
    public static let migratePartitions = SQLText(
        "migrate_partitions", PackageResources.migrate_partitions_sql)
    public static let migrateRecord = SQLText("migrate_record", PackageResources.migrate_record_sql)
    public static let migrateUndo = SQLText("migrate_undo", PackageResources.migrate_undo_sql)
    public static let ownOneMoment = SQLText("own_one_moment", PackageResources.own_one_moment_sql)
    public static let ownSessionSettings = SQLText(
        "own_session_settings", PackageResources.own_session_settings_sql)
    public static let ownShareLock = SQLText("own_share_lock", PackageResources.own_share_lock_sql)
    public static let ownShowLocks = SQLText("own_show_locks", PackageResources.own_show_locks_sql)
    public static let ownTryLock = SQLText("own_try_lock", PackageResources.own_try_lock_sql)
    public static let pruneCheckpoints = SQLText("prune_checkpoints", PackageResources.prune_checkpoints_sql)
    public static let pruneCommands = SQLText("prune_commands", PackageResources.prune_commands_sql)
    public static let pruneCountCommands = SQLText(
        "prune_count_commands", PackageResources.prune_count_commands_sql)
    public static let pruneCountSales = SQLText("prune_count_sales", PackageResources.prune_count_sales_sql)
    public static let pruneDryOrders = SQLText("prune_dry_orders", PackageResources.prune_dry_orders_sql)
    public static let pruneDryRun = SQLText("prune_dry_run", PackageResources.prune_dry_run_sql)
    public static let pruneEndedOrders = SQLText(
        "prune_ended_orders", PackageResources.prune_ended_orders_sql)
    public static let pruneForget = SQLText("prune_forget", PackageResources.prune_forget_sql)
    public static let pruneForgetOrders = SQLText(
        "prune_forget_orders", PackageResources.prune_forget_orders_sql)
    public static let pruneHorizon = SQLText("prune_horizon", PackageResources.prune_horizon_sql)
    public static let pruneIntents = SQLText("prune_intents", PackageResources.prune_intents_sql)
    public static let pruneLatePayments = SQLText(
        "prune_late_payments", PackageResources.prune_late_payments_sql)
    public static let pruneLines = SQLText("prune_lines", PackageResources.prune_lines_sql)
    public static let pruneLog = SQLText("prune_log", PackageResources.prune_log_sql)
    public static let pruneMove = SQLText("prune_move", PackageResources.prune_move_sql)
    public static let pruneOrderImages = SQLText(
        "prune_order_images", PackageResources.prune_order_images_sql)
    public static let pruneOrderLines = SQLText("prune_order_lines", PackageResources.prune_order_lines_sql)
    public static let prunePages = SQLText("prune_pages", PackageResources.prune_pages_sql)
    public static let prunePlan = SQLText("prune_plan", PackageResources.prune_plan_sql)
    public static let prunePutIntents = SQLText("prune_put_intents", PackageResources.prune_put_intents_sql)
    public static let prunePutOrders = SQLText("prune_put_orders", PackageResources.prune_put_orders_sql)
    public static let prunePutSkus = SQLText("prune_put_skus", PackageResources.prune_put_skus_sql)
    public static let pruneRequireUntold = SQLText(
        "prune_require_untold", PackageResources.prune_require_untold_sql)
    public static let pruneSales = SQLText("prune_sales", PackageResources.prune_sales_sql)
    public static let pruneSessionSettings = SQLText(
        "prune_session_settings", PackageResources.prune_session_settings_sql)
    public static let pruneSkus = SQLText("prune_skus", PackageResources.prune_skus_sql)
    public static let pruneSoldOrders = SQLText("prune_sold_orders", PackageResources.prune_sold_orders_sql)
    public static let readBuyers = SQLText("read_buyers", PackageResources.read_buyers_sql)
    public static let readClock = SQLText("read_clock", PackageResources.read_clock_sql)
    public static let readCommands = SQLText("read_commands", PackageResources.read_commands_sql)
    public static let readDue = SQLText("read_due", PackageResources.read_due_sql)
    public static let readDueSkus = SQLText("read_due_skus", PackageResources.read_due_skus_sql)
    public static let readForwarding = SQLText("read_forwarding", PackageResources.read_forwarding_sql)
    public static let readIntents = SQLText("read_intents", PackageResources.read_intents_sql)
    public static let readLines = SQLText("read_lines", PackageResources.read_lines_sql)
    public static let readLog = SQLText("read_log", PackageResources.read_log_sql)
    public static let readMessages = SQLText("read_messages", PackageResources.read_messages_sql)
    public static let readNextDeadline = SQLText(
        "read_next_deadline", PackageResources.read_next_deadline_sql)
    public static let readNextOrderDeadline = SQLText(
        "read_next_order_deadline", PackageResources.read_next_order_deadline_sql)
    public static let readOrderLines = SQLText("read_order_lines", PackageResources.read_order_lines_sql)
    public static let readOrderParts = SQLText("read_order_parts", PackageResources.read_order_parts_sql)
    public static let readOrderSkus = SQLText("read_order_skus", PackageResources.read_order_skus_sql)
    public static let readOrders = SQLText("read_orders", PackageResources.read_orders_sql)
    public static let readOrdersDue = SQLText("read_orders_due", PackageResources.read_orders_due_sql)
    public static let readPosition = SQLText("read_position", PackageResources.read_position_sql)
    public static let readSkus = SQLText("read_skus", PackageResources.read_skus_sql)
    public static let readUncountedBuyers = SQLText(
        "read_uncounted_buyers", PackageResources.read_uncounted_buyers_sql)
    public static let readUnserved = SQLText("read_unserved", PackageResources.read_unserved_sql)
    public static let replayBegin = SQLText("replay_begin", PackageResources.replay_begin_sql)
    public static let replayGive = SQLText("replay_give", PackageResources.replay_give_sql)
    public static let replayMark = SQLText("replay_mark", PackageResources.replay_mark_sql)
    public static let replayPending = SQLText("replay_pending", PackageResources.replay_pending_sql)
    public static let replayProgress = SQLText("replay_progress", PackageResources.replay_progress_sql)
    public static let replayResume = SQLText("replay_resume", PackageResources.replay_resume_sql)
    public static let replaySend = SQLText("replay_send", PackageResources.replay_send_sql)
    public static let replayShow = SQLText("replay_show", PackageResources.replay_show_sql)
    public static let replayStop = SQLText("replay_stop", PackageResources.replay_stop_sql)
    public static let replayTake = SQLText("replay_take", PackageResources.replay_take_sql)
    public static let suspectNote = SQLText("suspect_note", PackageResources.suspect_note_sql)

    /// All of them; a test compares this list with the folder, since embedded files cannot be enumerated.
    public static let all = [
        auditBuyers, auditClaimsWithoutStock, auditEnd, auditIntents, auditKeptIntents, auditKeptSkus,
        auditLinesWithoutOrder, auditLog, auditNumbering, auditOrderLines, auditOrders, auditPartitions,
        auditRest, auditRows, auditSkus, auditSnapshot, auditStocks, auditThresholds, commitChangeBuyers,
        commitClearSuspects, commitCountBuyers, commitInsertAddresses, commitInsertCommands,
        commitInsertDeadLetters, commitInsertEvents, commitInsertIntents, commitInsertOrderParts,
        commitInsertOrders, commitInsertSkus, commitInsertSpecialIntents, commitMoveForwarded, commitMoveHead,
        commitNoteLatePayments, commitReturnDeadLetters, commitUpdateIntents, commitUpdateOrderParts,
        commitUpdateOrders, commitUpdatePolicies, commitUpdateSkus, deadCount, deadDiscard, deadEdit,
        deadGroups, deadHistory, deadImport, deadNote, deadRestore, doctorLaxRoles, doctorPartitions,
        doctorPrivileges, doctorServer, keysInsert, keysKnown, keysList, keysRevoke, lookClosedSkus,
        lookDeadLetters, lookEvents, lookGauges, lookHeads, lookInstallation, lookIntents, lookOpenLetters,
        lookOrders, lookOwners, lookSessionSettings, lookSkus, lookTrace, migrateAcceptFailover,
        migrateApplied, migrateBegin, migrateEncoding, migrateEnd, migrateHistory, migrateInstall,
        migrateLock, migratePartitions, migrateRecord, migrateUndo, ownOneMoment, ownSessionSettings,
        ownShareLock, ownShowLocks, ownTryLock, pruneCheckpoints, pruneCommands, pruneCountCommands,
        pruneCountSales, pruneDryOrders, pruneDryRun, pruneEndedOrders, pruneForget, pruneForgetOrders,
        pruneHorizon, pruneIntents, pruneLatePayments, pruneLines, pruneLog, pruneMove, pruneOrderImages,
        pruneOrderLines, prunePages, prunePlan, prunePutIntents, prunePutOrders, prunePutSkus,
        pruneRequireUntold, pruneSales, pruneSessionSettings, pruneSkus, pruneSoldOrders, readBuyers,
        readClock, readCommands,
        readDue, readDueSkus, readForwarding, readIntents, readLines, readLog, readMessages, readNextDeadline,
        readNextOrderDeadline, readOrderLines, readOrderParts, readOrderSkus, readOrders, readOrdersDue,
        readPosition, readSkus, readUncountedBuyers, readUnserved, replayBegin, replayGive, replayMark,
        replayPending, replayProgress, replayResume, replaySend, replayShow, replayStop, replayTake,
        suspectNote,
    ]
}
