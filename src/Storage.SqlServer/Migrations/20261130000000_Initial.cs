using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Fleet.Storage.SqlServer.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Prepare();
            migrationBuilder.EnsureSchema(
                name: "fleet");

            migrationBuilder.CreateTable(
                name: "api_keys",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<string>(type: "nvarchar(8)", maxLength: 8, nullable: false, collation: "Latin1_General_100_BIN2"),
                    name = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    hash = table.Column<byte[]>(type: "varbinary(32)", maxLength: 32, nullable: false),
                    role = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    lanes = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    created_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    created_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    expires_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    last_used_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    revoked_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    revoked_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    rotated_from = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_api_keys", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "attempts",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    run_id = table.Column<byte[]>(type: "binary(16)", nullable: false),
                    number = table.Column<int>(type: "int", nullable: false),
                    times = table.Column<int>(type: "int", nullable: false, defaultValue: 1),
                    worker_id = table.Column<byte[]>(type: "binary(16)", nullable: true),
                    started_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    ended_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    outcome = table.Column<int>(type: "int", nullable: false),
                    error_type = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    error = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    stack = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    verdict = table.Column<int>(type: "int", nullable: true),
                    max_attempts = table.Column<int>(type: "int", nullable: true),
                    max_attempts_from = table.Column<int>(type: "int", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_attempts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "audit",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    by = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    on_behalf_of = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    way = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    key_id = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    subject = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    action = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    target = table.Column<string>(type: "nvarchar(450)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    before = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    after = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    reason = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "dead_letters",
                schema: "fleet",
                columns: table => new
                {
                    run_id = table.Column<byte[]>(type: "binary(16)", nullable: false),
                    fingerprint = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false, collation: "Latin1_General_100_BIN2"),
                    job = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    lane = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false, collation: "Latin1_General_100_BIN2"),
                    failed_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    version = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: true, collation: "Latin1_General_100_BIN2")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_dead_letters", x => x.run_id);
                });

            migrationBuilder.CreateTable(
                name: "diag_ledger",
                schema: "fleet",
                columns: table => new
                {
                    run_id = table.Column<string>(type: "nvarchar(36)", maxLength: 36, nullable: false, collation: "Latin1_General_100_BIN2"),
                    key = table.Column<string>(type: "nvarchar(200)", maxLength: 200, nullable: false, collation: "Latin1_General_100_BIN2")
                },
                constraints: table =>
                {
                });

            migrationBuilder.CreateTable(
                name: "inbox",
                schema: "fleet",
                columns: table => new
                {
                    consumer = table.Column<string>(type: "nvarchar(200)", maxLength: 200, nullable: false, collation: "Latin1_General_100_BIN2"),
                    message_id = table.Column<byte[]>(type: "binary(16)", nullable: false),
                    received_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_inbox", x => new { x.consumer, x.message_id });
                });

            migrationBuilder.CreateTable(
                name: "jobs",
                schema: "fleet",
                columns: table => new
                {
                    name = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    version = table.Column<string>(type: "nvarchar(32)", maxLength: 32, nullable: false, collation: "Latin1_General_100_BIN2"),
                    lane = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false, collation: "Latin1_General_100_BIN2"),
                    max_attempts = table.Column<int>(type: "int", nullable: true),
                    timeout_ms = table.Column<long>(type: "bigint", nullable: true),
                    description = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    aliases = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    schema = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    example = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    first_seen_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    published_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    seen_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_jobs", x => new { x.name, x.version });
                });

            migrationBuilder.CreateTable(
                name: "lanes",
                schema: "fleet",
                columns: table => new
                {
                    name = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false, collation: "Latin1_General_100_BIN2"),
                    first_seen_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    paused_since = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    paused_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    pause_reason = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    paused_until = table.Column<DateTime>(type: "datetime2(7)", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_lanes", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "leases",
                schema: "fleet",
                columns: table => new
                {
                    name = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    owner = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    term = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_leases", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "misfires",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    schedule_id = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    first = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    last = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    count = table.Column<int>(type: "int", nullable: false),
                    at = table.Column<DateTime>(type: "datetime2(7)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_misfires", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "mutes",
                schema: "fleet",
                columns: table => new
                {
                    fingerprint = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false, collation: "Latin1_General_100_BIN2"),
                    at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    by = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    until = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    versions = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    reason = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_mutes", x => x.fingerprint);
                });

            migrationBuilder.CreateTable(
                name: "operations",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<string>(type: "nvarchar(36)", maxLength: 36, nullable: false, collation: "Latin1_General_100_BIN2"),
                    kind = table.Column<int>(type: "int", nullable: false),
                    state = table.Column<int>(type: "int", nullable: false),
                    query = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    lanes = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    as_of = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    newest = table.Column<byte[]>(type: "binary(16)", nullable: true),
                    matched = table.Column<long>(type: "bigint", nullable: false),
                    matched_more = table.Column<bool>(type: "bit", nullable: false),
                    rate = table.Column<int>(type: "int", nullable: false),
                    reason = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    cursor = table.Column<byte[]>(type: "binary(16)", nullable: true),
                    done = table.Column<long>(type: "bigint", nullable: false),
                    skipped_changed = table.Column<long>(type: "bigint", nullable: false),
                    skipped_gone = table.Column<long>(type: "bigint", nullable: false),
                    failed = table.Column<long>(type: "bigint", nullable: false),
                    error = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    created_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    created_by = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    finished_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    canceled_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_operations", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "outbox",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    message_id = table.Column<byte[]>(type: "binary(16)", nullable: false),
                    name = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    body = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    run_id = table.Column<byte[]>(type: "binary(16)", nullable: true),
                    consumed_id = table.Column<byte[]>(type: "binary(16)", nullable: true),
                    destination = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    envelope = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    trace_parent = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    created_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    failures = table.Column<int>(type: "int", nullable: false),
                    next_try_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    last_error = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_outbox", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "protection_keys",
                schema: "fleet",
                columns: table => new
                {
                    number = table.Column<int>(type: "int", nullable: false),
                    xml = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    created_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_protection_keys", x => x.number);
                });

            migrationBuilder.CreateTable(
                name: "replays",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    run_id = table.Column<byte[]>(type: "binary(16)", nullable: false),
                    number = table.Column<int>(type: "int", nullable: false),
                    at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    by = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    from_state = table.Column<int>(type: "int", nullable: false),
                    from_attempt = table.Column<int>(type: "int", nullable: false),
                    from_error = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    from_canceled_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    from_args = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    from_finished_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_replays", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "rollups",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    step = table.Column<int>(type: "int", nullable: false),
                    job = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    lane = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false, collation: "Latin1_General_100_BIN2"),
                    outcome = table.Column<int>(type: "int", nullable: false),
                    count = table.Column<long>(type: "bigint", nullable: false),
                    waited = table.Column<long>(type: "bigint", nullable: false),
                    worked = table.Column<long>(type: "bigint", nullable: false),
                    slots = table.Column<long>(type: "bigint", nullable: false),
                    waits = table.Column<byte[]>(type: "varbinary(max)", nullable: false),
                    durations = table.Column<byte[]>(type: "varbinary(max)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rollups", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "run_logs",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("SqlServer:Identity", "1, 1"),
                    run_id = table.Column<byte[]>(type: "binary(16)", nullable: false),
                    attempt = table.Column<int>(type: "int", nullable: false),
                    at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    level = table.Column<int>(type: "int", nullable: false),
                    message = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_run_logs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "runs",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "binary(16)", nullable: false),
                    job = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    lane = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false, collation: "Latin1_General_100_BIN2"),
                    state = table.Column<int>(type: "int", nullable: false),
                    due_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    staged = table.Column<bool>(type: "bit", nullable: false),
                    attempt = table.Column<int>(type: "int", nullable: false),
                    attempt_offset = table.Column<int>(type: "int", nullable: false),
                    max_attempts = table.Column<int>(type: "int", nullable: true),
                    crashes = table.Column<int>(type: "int", nullable: false),
                    replays = table.Column<int>(type: "int", nullable: false),
                    worker_id = table.Column<byte[]>(type: "binary(16)", nullable: true),
                    lease_token = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    started_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    finished_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    cancel_requested_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    cancel_cause = table.Column<int>(type: "int", nullable: true),
                    canceled_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    enqueued_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    idempotency_key = table.Column<byte[]>(type: "varbinary(200)", maxLength: 200, nullable: true),
                    request_hash = table.Column<byte[]>(type: "varbinary(32)", maxLength: 32, nullable: true),
                    schedule_id = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: true, collation: "Latin1_General_100_BIN2"),
                    fire_time = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    overlap = table.Column<int>(type: "int", nullable: false),
                    revoked = table.Column<bool>(type: "bit", nullable: false),
                    parent_id = table.Column<byte[]>(type: "binary(16)", nullable: true),
                    args = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    output = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    error_type = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    error = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    fingerprint = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: true, collation: "Latin1_General_100_BIN2"),
                    discarded_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    discarded_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    discard_reason = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    progress = table.Column<double>(type: "float", nullable: true),
                    progress_message = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    tags = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    trace_parent = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_runs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "schedules",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    job = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    args = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    lane = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: true, collation: "Latin1_General_100_BIN2"),
                    max_attempts = table.Column<int>(type: "int", nullable: true),
                    tags = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    cron = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    every = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    anchor = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    zone = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    starts_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    ends_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    exclude = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    jitter = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    max_occurrences = table.Column<int>(type: "int", nullable: true),
                    misfire = table.Column<int>(type: "int", nullable: false),
                    misfire_deadline = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    overlap = table.Column<int>(type: "int", nullable: false),
                    labels = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    status = table.Column<int>(type: "int", nullable: false),
                    status_reason = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    status_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    status_since = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    resume_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    source = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    put_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    replaced = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    planned_until = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    next_plan_at = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    last_fire_time = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    planned = table.Column<long>(type: "bigint", nullable: false),
                    missed = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    updated_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_schedules", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sessions",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<string>(type: "nvarchar(8)", maxLength: 8, nullable: false, collation: "Latin1_General_100_BIN2"),
                    hash = table.Column<byte[]>(type: "varbinary(32)", maxLength: 32, nullable: false),
                    name = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    role = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    lanes = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    key_id = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    subject = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    address = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    agent = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    created_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    last_seen_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    expires_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sessions", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "views",
                schema: "fleet",
                columns: table => new
                {
                    name = table.Column<string>(type: "nvarchar(128)", maxLength: 128, nullable: false, collation: "Latin1_General_100_BIN2"),
                    query = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    columns = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    sort = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    shared = table.Column<bool>(type: "bit", nullable: false),
                    owner = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    created_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    changed_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    changed_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_views", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "worker_samples",
                schema: "fleet",
                columns: table => new
                {
                    worker_id = table.Column<byte[]>(type: "binary(16)", nullable: false),
                    lane = table.Column<string>(type: "nvarchar(64)", maxLength: 64, nullable: false, collation: "Latin1_General_100_BIN2"),
                    at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    length = table.Column<long>(type: "bigint", nullable: false),
                    busy = table.Column<long>(type: "bigint", nullable: false),
                    slots = table.Column<long>(type: "bigint", nullable: false),
                    succeeded = table.Column<long>(type: "bigint", nullable: false),
                    retried = table.Column<long>(type: "bigint", nullable: false),
                    failed = table.Column<long>(type: "bigint", nullable: false),
                    canceled = table.Column<long>(type: "bigint", nullable: false),
                    released = table.Column<long>(type: "bigint", nullable: false),
                    bars = table.Column<byte[]>(type: "varbinary(max)", nullable: false),
                    bars_left_out = table.Column<int>(type: "int", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_worker_samples", x => new { x.worker_id, x.lane, x.at });
                });

            migrationBuilder.CreateTable(
                name: "workers",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "binary(16)", nullable: false),
                    name = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    process_space = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    process_id = table.Column<int>(type: "int", nullable: false),
                    process_start = table.Column<long>(type: "bigint", nullable: false),
                    lanes = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    jobs = table.Column<string>(type: "nvarchar(max)", nullable: false, defaultValue: "{}", collation: "Latin1_General_100_BIN2"),
                    state = table.Column<int>(type: "int", nullable: false),
                    started_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    heartbeat_at = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    lease_until = table.Column<DateTime>(type: "datetime2(7)", nullable: false),
                    claimed_through = table.Column<string>(type: "nvarchar(max)", nullable: false, collation: "Latin1_General_100_BIN2"),
                    lane_loads = table.Column<string>(type: "nvarchar(max)", nullable: false, defaultValue: "{}", collation: "Latin1_General_100_BIN2"),
                    machine = table.Column<string>(type: "nvarchar(max)", nullable: false, defaultValue: "", collation: "Latin1_General_100_BIN2"),
                    program = table.Column<string>(type: "nvarchar(max)", nullable: false, defaultValue: "", collation: "Latin1_General_100_BIN2"),
                    version = table.Column<string>(type: "nvarchar(max)", nullable: false, defaultValue: "", collation: "Latin1_General_100_BIN2"),
                    drain_since = table.Column<DateTime>(type: "datetime2(7)", nullable: true),
                    drain_by = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2"),
                    drain_reason = table.Column<string>(type: "nvarchar(max)", nullable: true, collation: "Latin1_General_100_BIN2")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_workers", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_attempts_run",
                schema: "fleet",
                table: "attempts",
                column: "run_id");

            migrationBuilder.CreateIndex(
                name: "ix_audit_at",
                schema: "fleet",
                table: "audit",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_audit_target",
                schema: "fleet",
                table: "audit",
                columns: new[] { "target", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_failed",
                schema: "fleet",
                table: "dead_letters",
                column: "failed_at");

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_group",
                schema: "fleet",
                table: "dead_letters",
                columns: new[] { "fingerprint", "failed_at" });

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_lane",
                schema: "fleet",
                table: "dead_letters",
                columns: new[] { "lane", "failed_at" });

            migrationBuilder.CreateIndex(
                name: "ix_dead_letters_version",
                schema: "fleet",
                table: "dead_letters",
                columns: new[] { "fingerprint", "version" });

            migrationBuilder.CreateIndex(
                name: "ix_inbox_received",
                schema: "fleet",
                table: "inbox",
                column: "received_at");

            migrationBuilder.CreateIndex(
                name: "ix_misfires_schedule",
                schema: "fleet",
                table: "misfires",
                columns: new[] { "schedule_id", "last" });

            migrationBuilder.CreateIndex(
                name: "ix_operations_finished",
                schema: "fleet",
                table: "operations",
                column: "finished_at");

            migrationBuilder.CreateIndex(
                name: "ix_operations_running",
                schema: "fleet",
                table: "operations",
                column: "state",
                filter: "state = 0");

            migrationBuilder.CreateIndex(
                name: "ix_outbox_next_try",
                schema: "fleet",
                table: "outbox",
                column: "next_try_at");

            migrationBuilder.CreateIndex(
                name: "ix_replays_run",
                schema: "fleet",
                table: "replays",
                column: "run_id");

            migrationBuilder.CreateIndex(
                name: "ix_rollups_at",
                schema: "fleet",
                table: "rollups",
                columns: new[] { "step", "at" });

            migrationBuilder.CreateIndex(
                name: "ix_run_logs_run",
                schema: "fleet",
                table: "run_logs",
                column: "run_id");

            migrationBuilder.CreateIndex(
                name: "ix_runs_dead",
                schema: "fleet",
                table: "runs",
                column: "finished_at",
                filter: "state = 3");

            migrationBuilder.CreateIndex(
                name: "ix_runs_fingerprint",
                schema: "fleet",
                table: "runs",
                columns: new[] { "fingerprint", "id" },
                filter: "fingerprint IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_finished",
                schema: "fleet",
                table: "runs",
                column: "finished_at",
                filter: "finished_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_pending",
                schema: "fleet",
                table: "runs",
                columns: new[] { "lane", "due_at" },
                filter: "state = 0");

            migrationBuilder.CreateIndex(
                name: "ix_runs_revoked",
                schema: "fleet",
                table: "runs",
                columns: new[] { "schedule_id", "fire_time" },
                filter: "revoked = 1");

            migrationBuilder.CreateIndex(
                name: "ix_runs_running",
                schema: "fleet",
                table: "runs",
                column: "worker_id",
                filter: "state = 1");

            migrationBuilder.CreateIndex(
                name: "ix_runs_schedule",
                schema: "fleet",
                table: "runs",
                columns: new[] { "schedule_id", "id" },
                filter: "schedule_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_turns",
                schema: "fleet",
                table: "runs",
                column: "schedule_id",
                filter: "schedule_id IS NOT NULL AND state < 2");

            migrationBuilder.CreateIndex(
                name: "ix_runs_unstaged",
                schema: "fleet",
                table: "runs",
                column: "due_at",
                filter: "state = 0 AND staged = 0");

            migrationBuilder.CreateIndex(
                name: "ux_runs_idempotency_key",
                schema: "fleet",
                table: "runs",
                column: "idempotency_key",
                unique: true,
                filter: "idempotency_key IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_runs_occurrence",
                schema: "fleet",
                table: "runs",
                columns: new[] { "schedule_id", "fire_time" },
                unique: true,
                filter: "fire_time IS NOT NULL AND revoked = 0");

            migrationBuilder.CreateIndex(
                name: "ix_schedules_next",
                schema: "fleet",
                table: "schedules",
                column: "next_plan_at",
                filter: "next_plan_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_sessions_expiry",
                schema: "fleet",
                table: "sessions",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_worker_samples_at",
                schema: "fleet",
                table: "worker_samples",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_workers_alive",
                schema: "fleet",
                table: "workers",
                column: "lease_until",
                filter: "state <> 2");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "api_keys",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "attempts",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "audit",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "dead_letters",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "diag_ledger",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "inbox",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "jobs",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "lanes",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "leases",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "misfires",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "mutes",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "operations",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "outbox",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "protection_keys",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "replays",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "rollups",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "run_logs",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "runs",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "schedules",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "sessions",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "views",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "worker_samples",
                schema: "fleet");

            migrationBuilder.DropTable(
                name: "workers",
                schema: "fleet");
        }
    }
}
