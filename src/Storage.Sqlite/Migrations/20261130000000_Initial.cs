using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Fleet.Storage.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "fleet_api_keys",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 8, nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", maxLength: 32, nullable: false),
                    role = table.Column<string>(type: "TEXT", nullable: false),
                    lanes = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", nullable: true),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_used_at = table.Column<long>(type: "INTEGER", nullable: true),
                    revoked_at = table.Column<long>(type: "INTEGER", nullable: true),
                    revoked_by = table.Column<string>(type: "TEXT", nullable: true),
                    rotated_from = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_api_keys", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_attempts",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    run_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    number = table.Column<int>(type: "INTEGER", nullable: false),
                    times = table.Column<int>(type: "INTEGER", nullable: false, defaultValue: 1),
                    worker_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: false),
                    outcome = table.Column<int>(type: "INTEGER", nullable: false),
                    error_type = table.Column<string>(type: "TEXT", nullable: true),
                    error = table.Column<string>(type: "TEXT", nullable: true),
                    stack = table.Column<string>(type: "TEXT", nullable: true),
                    verdict = table.Column<int>(type: "INTEGER", nullable: true),
                    max_attempts = table.Column<int>(type: "INTEGER", nullable: true),
                    max_attempts_from = table.Column<int>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_attempts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_audit",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    by = table.Column<string>(type: "TEXT", nullable: false),
                    on_behalf_of = table.Column<string>(type: "TEXT", nullable: true),
                    way = table.Column<string>(type: "TEXT", nullable: false),
                    key_id = table.Column<string>(type: "TEXT", nullable: true),
                    subject = table.Column<string>(type: "TEXT", nullable: true),
                    action = table.Column<string>(type: "TEXT", nullable: false),
                    target = table.Column<string>(type: "TEXT", nullable: false),
                    before = table.Column<string>(type: "TEXT", nullable: true),
                    after = table.Column<string>(type: "TEXT", nullable: true),
                    reason = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_audit", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_dead_letters",
                columns: table => new
                {
                    run_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    fingerprint = table.Column<string>(type: "TEXT", nullable: false),
                    job = table.Column<string>(type: "TEXT", nullable: false),
                    lane = table.Column<string>(type: "TEXT", nullable: false),
                    failed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_dead_letters", x => x.run_id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_diag_ledger",
                columns: table => new
                {
                    run_id = table.Column<string>(type: "TEXT", maxLength: 36, nullable: false),
                    key = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false)
                },
                constraints: table =>
                {
                });

            migrationBuilder.CreateTable(
                name: "fleet_inbox",
                columns: table => new
                {
                    consumer = table.Column<string>(type: "TEXT", nullable: false),
                    message_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    received_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_inbox", x => new { x.consumer, x.message_id });
                });

            migrationBuilder.CreateTable(
                name: "fleet_jobs",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<string>(type: "TEXT", nullable: false),
                    lane = table.Column<string>(type: "TEXT", nullable: false),
                    max_attempts = table.Column<int>(type: "INTEGER", nullable: true),
                    timeout_ms = table.Column<long>(type: "INTEGER", nullable: true),
                    description = table.Column<string>(type: "TEXT", nullable: true),
                    aliases = table.Column<string>(type: "TEXT", nullable: false),
                    schema = table.Column<string>(type: "TEXT", nullable: false),
                    example = table.Column<string>(type: "TEXT", nullable: false),
                    first_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    published_by = table.Column<string>(type: "TEXT", nullable: true),
                    seen_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_jobs", x => new { x.name, x.version });
                });

            migrationBuilder.CreateTable(
                name: "fleet_lanes",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    first_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    paused_since = table.Column<long>(type: "INTEGER", nullable: true),
                    paused_by = table.Column<string>(type: "TEXT", nullable: true),
                    pause_reason = table.Column<string>(type: "TEXT", nullable: true),
                    paused_until = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_lanes", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "fleet_leases",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: false),
                    term = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_leases", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "fleet_misfires",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    schedule_id = table.Column<string>(type: "TEXT", nullable: false),
                    first = table.Column<long>(type: "INTEGER", nullable: false),
                    last = table.Column<long>(type: "INTEGER", nullable: false),
                    count = table.Column<int>(type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_misfires", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_mutes",
                columns: table => new
                {
                    fingerprint = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    by = table.Column<string>(type: "TEXT", nullable: false),
                    until = table.Column<long>(type: "INTEGER", nullable: true),
                    versions = table.Column<string>(type: "TEXT", nullable: true),
                    reason = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_mutes", x => x.fingerprint);
                });

            migrationBuilder.CreateTable(
                name: "fleet_operations",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 36, nullable: false),
                    kind = table.Column<int>(type: "INTEGER", nullable: false),
                    state = table.Column<int>(type: "INTEGER", nullable: false),
                    query = table.Column<string>(type: "TEXT", nullable: false),
                    lanes = table.Column<string>(type: "TEXT", nullable: true),
                    as_of = table.Column<long>(type: "INTEGER", nullable: false),
                    newest = table.Column<byte[]>(type: "BLOB", nullable: true),
                    matched = table.Column<long>(type: "INTEGER", nullable: false),
                    matched_more = table.Column<bool>(type: "INTEGER", nullable: false),
                    rate = table.Column<int>(type: "INTEGER", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: true),
                    cursor = table.Column<byte[]>(type: "BLOB", nullable: true),
                    done = table.Column<long>(type: "INTEGER", nullable: false),
                    skipped_changed = table.Column<long>(type: "INTEGER", nullable: false),
                    skipped_gone = table.Column<long>(type: "INTEGER", nullable: false),
                    failed = table.Column<long>(type: "INTEGER", nullable: false),
                    error = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", nullable: false),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: true),
                    canceled_by = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_operations", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_outbox",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    message_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    body = table.Column<string>(type: "TEXT", nullable: false),
                    run_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    consumed_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    destination = table.Column<string>(type: "TEXT", nullable: true),
                    envelope = table.Column<string>(type: "TEXT", nullable: true),
                    trace_parent = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    failures = table.Column<int>(type: "INTEGER", nullable: false),
                    next_try_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_error = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_outbox", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_protection_keys",
                columns: table => new
                {
                    number = table.Column<int>(type: "INTEGER", nullable: false),
                    xml = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_protection_keys", x => x.number);
                });

            migrationBuilder.CreateTable(
                name: "fleet_replays",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    run_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    number = table.Column<int>(type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    by = table.Column<string>(type: "TEXT", nullable: false),
                    from_state = table.Column<int>(type: "INTEGER", nullable: false),
                    from_attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    from_error = table.Column<string>(type: "TEXT", nullable: true),
                    from_canceled_by = table.Column<string>(type: "TEXT", nullable: true),
                    from_args = table.Column<string>(type: "TEXT", nullable: true),
                    from_finished_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_replays", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_rollups",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    step = table.Column<int>(type: "INTEGER", nullable: false),
                    job = table.Column<string>(type: "TEXT", nullable: false),
                    lane = table.Column<string>(type: "TEXT", nullable: false),
                    outcome = table.Column<int>(type: "INTEGER", nullable: false),
                    count = table.Column<long>(type: "INTEGER", nullable: false),
                    waited = table.Column<long>(type: "INTEGER", nullable: false),
                    worked = table.Column<long>(type: "INTEGER", nullable: false),
                    slots = table.Column<long>(type: "INTEGER", nullable: false),
                    waits = table.Column<byte[]>(type: "BLOB", nullable: false),
                    durations = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_rollups", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_run_logs",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    run_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    level = table.Column<int>(type: "INTEGER", nullable: false),
                    message = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_run_logs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_runs",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    job = table.Column<string>(type: "TEXT", nullable: false),
                    lane = table.Column<string>(type: "TEXT", nullable: false),
                    state = table.Column<int>(type: "INTEGER", nullable: false),
                    due_at = table.Column<long>(type: "INTEGER", nullable: false),
                    staged = table.Column<bool>(type: "INTEGER", nullable: false),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    attempt_offset = table.Column<int>(type: "INTEGER", nullable: false),
                    max_attempts = table.Column<int>(type: "INTEGER", nullable: true),
                    crashes = table.Column<int>(type: "INTEGER", nullable: false),
                    replays = table.Column<int>(type: "INTEGER", nullable: false),
                    worker_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    lease_token = table.Column<long>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: true),
                    cancel_requested_at = table.Column<long>(type: "INTEGER", nullable: true),
                    cancel_cause = table.Column<int>(type: "INTEGER", nullable: true),
                    canceled_by = table.Column<string>(type: "TEXT", nullable: true),
                    enqueued_by = table.Column<string>(type: "TEXT", nullable: true),
                    idempotency_key = table.Column<string>(type: "TEXT", nullable: true),
                    request_hash = table.Column<byte[]>(type: "BLOB", nullable: true),
                    schedule_id = table.Column<string>(type: "TEXT", nullable: true),
                    fire_time = table.Column<long>(type: "INTEGER", nullable: true),
                    overlap = table.Column<int>(type: "INTEGER", nullable: false),
                    revoked = table.Column<bool>(type: "INTEGER", nullable: false),
                    parent_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    args = table.Column<string>(type: "TEXT", nullable: false),
                    output = table.Column<string>(type: "TEXT", nullable: true),
                    error_type = table.Column<string>(type: "TEXT", nullable: true),
                    error = table.Column<string>(type: "TEXT", nullable: true),
                    fingerprint = table.Column<string>(type: "TEXT", nullable: true),
                    discarded_at = table.Column<long>(type: "INTEGER", nullable: true),
                    discarded_by = table.Column<string>(type: "TEXT", nullable: true),
                    discard_reason = table.Column<string>(type: "TEXT", nullable: true),
                    progress = table.Column<double>(type: "REAL", nullable: true),
                    progress_message = table.Column<string>(type: "TEXT", nullable: true),
                    tags = table.Column<string>(type: "TEXT", nullable: true),
                    trace_parent = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_runs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_schedules",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    job = table.Column<string>(type: "TEXT", nullable: false),
                    args = table.Column<string>(type: "TEXT", nullable: false),
                    lane = table.Column<string>(type: "TEXT", nullable: true),
                    max_attempts = table.Column<int>(type: "INTEGER", nullable: true),
                    tags = table.Column<string>(type: "TEXT", nullable: true),
                    cron = table.Column<string>(type: "TEXT", nullable: true),
                    every = table.Column<string>(type: "TEXT", nullable: true),
                    anchor = table.Column<long>(type: "INTEGER", nullable: true),
                    at = table.Column<long>(type: "INTEGER", nullable: true),
                    zone = table.Column<string>(type: "TEXT", nullable: true),
                    starts_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ends_at = table.Column<long>(type: "INTEGER", nullable: true),
                    exclude = table.Column<string>(type: "TEXT", nullable: true),
                    jitter = table.Column<string>(type: "TEXT", nullable: true),
                    max_occurrences = table.Column<int>(type: "INTEGER", nullable: true),
                    misfire = table.Column<int>(type: "INTEGER", nullable: false),
                    misfire_deadline = table.Column<string>(type: "TEXT", nullable: true),
                    overlap = table.Column<int>(type: "INTEGER", nullable: false),
                    labels = table.Column<string>(type: "TEXT", nullable: true),
                    status = table.Column<int>(type: "INTEGER", nullable: false),
                    status_reason = table.Column<string>(type: "TEXT", nullable: true),
                    status_by = table.Column<string>(type: "TEXT", nullable: true),
                    status_since = table.Column<long>(type: "INTEGER", nullable: true),
                    resume_at = table.Column<long>(type: "INTEGER", nullable: true),
                    source = table.Column<string>(type: "TEXT", nullable: false),
                    put_by = table.Column<string>(type: "TEXT", nullable: true),
                    replaced = table.Column<string>(type: "TEXT", nullable: true),
                    planned_until = table.Column<long>(type: "INTEGER", nullable: false),
                    next_plan_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_fire_time = table.Column<long>(type: "INTEGER", nullable: true),
                    planned = table.Column<long>(type: "INTEGER", nullable: false),
                    missed = table.Column<long>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_schedules", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_sessions",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 8, nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", maxLength: 32, nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    role = table.Column<string>(type: "TEXT", nullable: false),
                    lanes = table.Column<string>(type: "TEXT", nullable: true),
                    key_id = table.Column<string>(type: "TEXT", nullable: true),
                    subject = table.Column<string>(type: "TEXT", nullable: true),
                    address = table.Column<string>(type: "TEXT", nullable: true),
                    agent = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_sessions", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "fleet_views",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    query = table.Column<string>(type: "TEXT", nullable: false),
                    columns = table.Column<string>(type: "TEXT", nullable: true),
                    sort = table.Column<string>(type: "TEXT", nullable: true),
                    shared = table.Column<bool>(type: "INTEGER", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    changed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    changed_by = table.Column<string>(type: "TEXT", nullable: true),
                    version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_views", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "fleet_worker_samples",
                columns: table => new
                {
                    worker_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    lane = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    length = table.Column<long>(type: "INTEGER", nullable: false),
                    busy = table.Column<long>(type: "INTEGER", nullable: false),
                    slots = table.Column<long>(type: "INTEGER", nullable: false),
                    succeeded = table.Column<long>(type: "INTEGER", nullable: false),
                    retried = table.Column<long>(type: "INTEGER", nullable: false),
                    failed = table.Column<long>(type: "INTEGER", nullable: false),
                    canceled = table.Column<long>(type: "INTEGER", nullable: false),
                    released = table.Column<long>(type: "INTEGER", nullable: false),
                    bars = table.Column<byte[]>(type: "BLOB", nullable: false),
                    bars_left_out = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_worker_samples", x => new { x.worker_id, x.lane, x.at });
                });

            migrationBuilder.CreateTable(
                name: "fleet_workers",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    process_space = table.Column<string>(type: "TEXT", nullable: false),
                    process_id = table.Column<int>(type: "INTEGER", nullable: false),
                    process_start = table.Column<long>(type: "INTEGER", nullable: false),
                    lanes = table.Column<string>(type: "TEXT", nullable: false),
                    jobs = table.Column<string>(type: "TEXT", nullable: false, defaultValue: "{}"),
                    state = table.Column<int>(type: "INTEGER", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: false),
                    heartbeat_at = table.Column<long>(type: "INTEGER", nullable: false),
                    lease_until = table.Column<long>(type: "INTEGER", nullable: false),
                    claimed_through = table.Column<string>(type: "TEXT", nullable: false),
                    lane_loads = table.Column<string>(type: "TEXT", nullable: false, defaultValue: "{}"),
                    machine = table.Column<string>(type: "TEXT", nullable: false, defaultValue: ""),
                    program = table.Column<string>(type: "TEXT", nullable: false, defaultValue: ""),
                    version = table.Column<string>(type: "TEXT", nullable: false, defaultValue: ""),
                    drain_since = table.Column<long>(type: "INTEGER", nullable: true),
                    drain_by = table.Column<string>(type: "TEXT", nullable: true),
                    drain_reason = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_fleet_workers", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "fleet_ix_attempts_run",
                table: "fleet_attempts",
                column: "run_id");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_audit_at",
                table: "fleet_audit",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_audit_target",
                table: "fleet_audit",
                columns: new[] { "target", "id" });

            migrationBuilder.CreateIndex(
                name: "fleet_ix_dead_letters_failed",
                table: "fleet_dead_letters",
                column: "failed_at");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_dead_letters_group",
                table: "fleet_dead_letters",
                columns: new[] { "fingerprint", "failed_at" });

            migrationBuilder.CreateIndex(
                name: "fleet_ix_dead_letters_lane",
                table: "fleet_dead_letters",
                columns: new[] { "lane", "failed_at" });

            migrationBuilder.CreateIndex(
                name: "fleet_ix_dead_letters_version",
                table: "fleet_dead_letters",
                columns: new[] { "fingerprint", "version" });

            migrationBuilder.CreateIndex(
                name: "fleet_ix_inbox_received",
                table: "fleet_inbox",
                column: "received_at");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_misfires_schedule",
                table: "fleet_misfires",
                columns: new[] { "schedule_id", "last" });

            migrationBuilder.CreateIndex(
                name: "fleet_ix_operations_finished",
                table: "fleet_operations",
                column: "finished_at");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_operations_running",
                table: "fleet_operations",
                column: "state",
                filter: "state = 0");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_outbox_next_try",
                table: "fleet_outbox",
                column: "next_try_at");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_replays_run",
                table: "fleet_replays",
                column: "run_id");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_rollups_at",
                table: "fleet_rollups",
                columns: new[] { "step", "at" });

            migrationBuilder.CreateIndex(
                name: "fleet_ix_run_logs_run",
                table: "fleet_run_logs",
                column: "run_id");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_runs_dead",
                table: "fleet_runs",
                column: "finished_at",
                filter: "state = 3");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_runs_fingerprint",
                table: "fleet_runs",
                columns: new[] { "fingerprint", "id" },
                filter: "fingerprint IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_runs_finished",
                table: "fleet_runs",
                column: "finished_at",
                filter: "finished_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_runs_pending",
                table: "fleet_runs",
                columns: new[] { "lane", "due_at" },
                filter: "state = 0");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_runs_revoked",
                table: "fleet_runs",
                columns: new[] { "schedule_id", "fire_time" },
                filter: "revoked");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_runs_running",
                table: "fleet_runs",
                column: "worker_id",
                filter: "state = 1");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_runs_schedule",
                table: "fleet_runs",
                columns: new[] { "schedule_id", "id" },
                filter: "schedule_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_runs_turns",
                table: "fleet_runs",
                column: "schedule_id",
                filter: "schedule_id IS NOT NULL AND state < 2");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_runs_unstaged",
                table: "fleet_runs",
                column: "due_at",
                filter: "state = 0 AND staged = 0");

            migrationBuilder.CreateIndex(
                name: "fleet_ux_runs_idempotency_key",
                table: "fleet_runs",
                column: "idempotency_key",
                unique: true,
                filter: "idempotency_key IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "fleet_ux_runs_occurrence",
                table: "fleet_runs",
                columns: new[] { "schedule_id", "fire_time" },
                unique: true,
                filter: "fire_time IS NOT NULL AND revoked = 0");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_schedules_next",
                table: "fleet_schedules",
                column: "next_plan_at",
                filter: "next_plan_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_sessions_expiry",
                table: "fleet_sessions",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_worker_samples_at",
                table: "fleet_worker_samples",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "fleet_ix_workers_alive",
                table: "fleet_workers",
                column: "lease_until",
                filter: "state <> 2");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "fleet_api_keys");

            migrationBuilder.DropTable(
                name: "fleet_attempts");

            migrationBuilder.DropTable(
                name: "fleet_audit");

            migrationBuilder.DropTable(
                name: "fleet_dead_letters");

            migrationBuilder.DropTable(
                name: "fleet_diag_ledger");

            migrationBuilder.DropTable(
                name: "fleet_inbox");

            migrationBuilder.DropTable(
                name: "fleet_jobs");

            migrationBuilder.DropTable(
                name: "fleet_lanes");

            migrationBuilder.DropTable(
                name: "fleet_leases");

            migrationBuilder.DropTable(
                name: "fleet_misfires");

            migrationBuilder.DropTable(
                name: "fleet_mutes");

            migrationBuilder.DropTable(
                name: "fleet_operations");

            migrationBuilder.DropTable(
                name: "fleet_outbox");

            migrationBuilder.DropTable(
                name: "fleet_protection_keys");

            migrationBuilder.DropTable(
                name: "fleet_replays");

            migrationBuilder.DropTable(
                name: "fleet_rollups");

            migrationBuilder.DropTable(
                name: "fleet_run_logs");

            migrationBuilder.DropTable(
                name: "fleet_runs");

            migrationBuilder.DropTable(
                name: "fleet_schedules");

            migrationBuilder.DropTable(
                name: "fleet_sessions");

            migrationBuilder.DropTable(
                name: "fleet_views");

            migrationBuilder.DropTable(
                name: "fleet_worker_samples");

            migrationBuilder.DropTable(
                name: "fleet_workers");
        }
    }
}
