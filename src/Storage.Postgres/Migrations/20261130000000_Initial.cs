using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Fleet.Storage.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "fleet");

            migrationBuilder.CreateTable(
                name: "api_keys",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(8)", maxLength: 8, nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    role = table.Column<string>(type: "text", nullable: false),
                    lanes = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    created_by = table.Column<string>(type: "text", nullable: true),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_by = table.Column<string>(type: "text", nullable: true),
                    rotated_from = table.Column<string>(type: "text", nullable: true)
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
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    run_id = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    times = table.Column<int>(type: "integer", nullable: false, defaultValue: 1),
                    worker_id = table.Column<Guid>(type: "uuid", nullable: true),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    outcome = table.Column<int>(type: "integer", nullable: false),
                    error_type = table.Column<string>(type: "text", nullable: true),
                    error = table.Column<string>(type: "text", nullable: true),
                    stack = table.Column<string>(type: "text", nullable: true),
                    verdict = table.Column<int>(type: "integer", nullable: true),
                    max_attempts = table.Column<int>(type: "integer", nullable: true),
                    max_attempts_from = table.Column<int>(type: "integer", nullable: true)
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
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    by = table.Column<string>(type: "text", nullable: false),
                    on_behalf_of = table.Column<string>(type: "text", nullable: true),
                    way = table.Column<string>(type: "text", nullable: false),
                    key_id = table.Column<string>(type: "text", nullable: true),
                    subject = table.Column<string>(type: "text", nullable: true),
                    action = table.Column<string>(type: "text", nullable: false),
                    target = table.Column<string>(type: "text", nullable: false),
                    before = table.Column<string>(type: "text", nullable: true),
                    after = table.Column<string>(type: "text", nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "claim_sets",
                schema: "fleet",
                columns: table => new
                {
                    worker_id = table.Column<Guid>(type: "uuid", nullable: false),
                    lease_token = table.Column<long>(type: "bigint", nullable: false),
                    ids = table.Column<Guid[]>(type: "uuid[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_claim_sets", x => new { x.worker_id, x.lease_token });
                })
                .Annotation("Npgsql:StorageParameter:toast_tuple_target", 8160);

            migrationBuilder.CreateTable(
                name: "dead_letters",
                schema: "fleet",
                columns: table => new
                {
                    run_id = table.Column<Guid>(type: "uuid", nullable: false),
                    fingerprint = table.Column<string>(type: "text", nullable: false),
                    job = table.Column<string>(type: "text", nullable: false),
                    lane = table.Column<string>(type: "text", nullable: false),
                    failed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    version = table.Column<string>(type: "text", nullable: true)
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
                    run_id = table.Column<string>(type: "character varying(36)", maxLength: 36, nullable: false),
                    key = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false)
                },
                constraints: table =>
                {
                });

            migrationBuilder.CreateTable(
                name: "inbox",
                schema: "fleet",
                columns: table => new
                {
                    consumer = table.Column<string>(type: "text", nullable: false),
                    message_id = table.Column<Guid>(type: "uuid", nullable: false),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
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
                    name = table.Column<string>(type: "text", nullable: false),
                    version = table.Column<string>(type: "text", nullable: false),
                    lane = table.Column<string>(type: "text", nullable: false),
                    max_attempts = table.Column<int>(type: "integer", nullable: true),
                    timeout_ms = table.Column<long>(type: "bigint", nullable: true),
                    description = table.Column<string>(type: "text", nullable: true),
                    aliases = table.Column<string>(type: "text", nullable: false),
                    schema = table.Column<string>(type: "text", nullable: false),
                    example = table.Column<string>(type: "text", nullable: false),
                    first_seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    published_by = table.Column<string>(type: "text", nullable: true),
                    seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
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
                    name = table.Column<string>(type: "text", nullable: false),
                    first_seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    paused_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    paused_by = table.Column<string>(type: "text", nullable: true),
                    pause_reason = table.Column<string>(type: "text", nullable: true),
                    paused_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
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
                    name = table.Column<string>(type: "text", nullable: false),
                    owner = table.Column<string>(type: "text", nullable: false),
                    term = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
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
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    schedule_id = table.Column<string>(type: "text", nullable: false),
                    first = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    count = table.Column<int>(type: "integer", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
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
                    fingerprint = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    by = table.Column<string>(type: "text", nullable: false),
                    until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    versions = table.Column<string>(type: "text", nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true)
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
                    id = table.Column<string>(type: "character varying(36)", maxLength: 36, nullable: false),
                    kind = table.Column<int>(type: "integer", nullable: false),
                    state = table.Column<int>(type: "integer", nullable: false),
                    query = table.Column<string>(type: "text", nullable: false),
                    lanes = table.Column<string>(type: "text", nullable: true),
                    as_of = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    newest = table.Column<Guid>(type: "uuid", nullable: true),
                    matched = table.Column<long>(type: "bigint", nullable: false),
                    matched_more = table.Column<bool>(type: "boolean", nullable: false),
                    rate = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: true),
                    cursor = table.Column<Guid>(type: "uuid", nullable: true),
                    done = table.Column<long>(type: "bigint", nullable: false),
                    skipped_changed = table.Column<long>(type: "bigint", nullable: false),
                    skipped_gone = table.Column<long>(type: "bigint", nullable: false),
                    failed = table.Column<long>(type: "bigint", nullable: false),
                    error = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    created_by = table.Column<string>(type: "text", nullable: false),
                    finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    canceled_by = table.Column<string>(type: "text", nullable: true)
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
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    message_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    body = table.Column<string>(type: "text", nullable: false),
                    run_id = table.Column<Guid>(type: "uuid", nullable: true),
                    consumed_id = table.Column<Guid>(type: "uuid", nullable: true),
                    destination = table.Column<string>(type: "text", nullable: true),
                    envelope = table.Column<string>(type: "text", nullable: true),
                    trace_parent = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    failures = table.Column<int>(type: "integer", nullable: false),
                    next_try_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_error = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_outbox", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "pending_sets",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    lane = table.Column<string>(type: "text", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    ids = table.Column<Guid[]>(type: "uuid[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_pending_sets", x => x.id);
                })
                .Annotation("Npgsql:StorageParameter:toast_tuple_target", 8160);

            migrationBuilder.CreateTable(
                name: "protection_keys",
                schema: "fleet",
                columns: table => new
                {
                    number = table.Column<int>(type: "integer", nullable: false),
                    xml = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
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
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    run_id = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    by = table.Column<string>(type: "text", nullable: false),
                    from_state = table.Column<int>(type: "integer", nullable: false),
                    from_attempt = table.Column<int>(type: "integer", nullable: false),
                    from_error = table.Column<string>(type: "text", nullable: true),
                    from_canceled_by = table.Column<string>(type: "text", nullable: true),
                    from_args = table.Column<string>(type: "text", nullable: true),
                    from_finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
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
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    step = table.Column<int>(type: "integer", nullable: false),
                    job = table.Column<string>(type: "text", nullable: false),
                    lane = table.Column<string>(type: "text", nullable: false),
                    outcome = table.Column<int>(type: "integer", nullable: false),
                    count = table.Column<long>(type: "bigint", nullable: false),
                    waited = table.Column<long>(type: "bigint", nullable: false),
                    worked = table.Column<long>(type: "bigint", nullable: false),
                    slots = table.Column<long>(type: "bigint", nullable: false),
                    waits = table.Column<byte[]>(type: "bytea", nullable: false),
                    durations = table.Column<byte[]>(type: "bytea", nullable: false)
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
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    run_id = table.Column<Guid>(type: "uuid", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    level = table.Column<int>(type: "integer", nullable: false),
                    message = table.Column<string>(type: "text", nullable: false)
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
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    job = table.Column<string>(type: "text", nullable: false),
                    lane = table.Column<string>(type: "text", nullable: false),
                    state = table.Column<int>(type: "integer", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    staged = table.Column<bool>(type: "boolean", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    attempt_offset = table.Column<int>(type: "integer", nullable: false),
                    max_attempts = table.Column<int>(type: "integer", nullable: true),
                    crashes = table.Column<int>(type: "integer", nullable: false),
                    replays = table.Column<int>(type: "integer", nullable: false),
                    worker_id = table.Column<Guid>(type: "uuid", nullable: true),
                    lease_token = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    cancel_requested_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    cancel_cause = table.Column<int>(type: "integer", nullable: true),
                    canceled_by = table.Column<string>(type: "text", nullable: true),
                    enqueued_by = table.Column<string>(type: "text", nullable: true),
                    idempotency_key = table.Column<string>(type: "text", nullable: true),
                    request_hash = table.Column<byte[]>(type: "bytea", nullable: true),
                    schedule_id = table.Column<string>(type: "text", nullable: true),
                    fire_time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    overlap = table.Column<int>(type: "integer", nullable: false),
                    revoked = table.Column<bool>(type: "boolean", nullable: false),
                    parent_id = table.Column<Guid>(type: "uuid", nullable: true),
                    args = table.Column<string>(type: "text", nullable: false),
                    output = table.Column<string>(type: "text", nullable: true),
                    error_type = table.Column<string>(type: "text", nullable: true),
                    error = table.Column<string>(type: "text", nullable: true),
                    fingerprint = table.Column<string>(type: "text", nullable: true),
                    discarded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    discarded_by = table.Column<string>(type: "text", nullable: true),
                    discard_reason = table.Column<string>(type: "text", nullable: true),
                    progress = table.Column<double>(type: "double precision", nullable: true),
                    progress_message = table.Column<string>(type: "text", nullable: true),
                    tags = table.Column<string>(type: "text", nullable: true),
                    trace_parent = table.Column<string>(type: "text", nullable: true),
                    indexed_state = table.Column<int>(type: "integer", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_runs", x => x.id);
                })
                .Annotation("Npgsql:StorageParameter:fillfactor", 45);

            migrationBuilder.CreateTable(
                name: "schedules",
                schema: "fleet",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false),
                    job = table.Column<string>(type: "text", nullable: false),
                    args = table.Column<string>(type: "text", nullable: false),
                    lane = table.Column<string>(type: "text", nullable: true),
                    max_attempts = table.Column<int>(type: "integer", nullable: true),
                    tags = table.Column<string>(type: "text", nullable: true),
                    cron = table.Column<string>(type: "text", nullable: true),
                    every = table.Column<string>(type: "text", nullable: true),
                    anchor = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    zone = table.Column<string>(type: "text", nullable: true),
                    starts_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    ends_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    exclude = table.Column<string>(type: "text", nullable: true),
                    jitter = table.Column<string>(type: "text", nullable: true),
                    max_occurrences = table.Column<int>(type: "integer", nullable: true),
                    misfire = table.Column<int>(type: "integer", nullable: false),
                    misfire_deadline = table.Column<string>(type: "text", nullable: true),
                    overlap = table.Column<int>(type: "integer", nullable: false),
                    labels = table.Column<string>(type: "text", nullable: true),
                    status = table.Column<int>(type: "integer", nullable: false),
                    status_reason = table.Column<string>(type: "text", nullable: true),
                    status_by = table.Column<string>(type: "text", nullable: true),
                    status_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    resume_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    source = table.Column<string>(type: "text", nullable: false),
                    put_by = table.Column<string>(type: "text", nullable: true),
                    replaced = table.Column<string>(type: "text", nullable: true),
                    planned_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    next_plan_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_fire_time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    planned = table.Column<long>(type: "bigint", nullable: false),
                    missed = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
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
                    id = table.Column<string>(type: "character varying(8)", maxLength: 8, nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", maxLength: 32, nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    role = table.Column<string>(type: "text", nullable: false),
                    lanes = table.Column<string>(type: "text", nullable: true),
                    key_id = table.Column<string>(type: "text", nullable: true),
                    subject = table.Column<string>(type: "text", nullable: true),
                    address = table.Column<string>(type: "text", nullable: true),
                    agent = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    last_seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
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
                    name = table.Column<string>(type: "text", nullable: false),
                    query = table.Column<string>(type: "text", nullable: false),
                    columns = table.Column<string>(type: "text", nullable: true),
                    sort = table.Column<string>(type: "text", nullable: true),
                    shared = table.Column<bool>(type: "boolean", nullable: false),
                    owner = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    changed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    changed_by = table.Column<string>(type: "text", nullable: true),
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
                    worker_id = table.Column<Guid>(type: "uuid", nullable: false),
                    lane = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    length = table.Column<long>(type: "bigint", nullable: false),
                    busy = table.Column<long>(type: "bigint", nullable: false),
                    slots = table.Column<long>(type: "bigint", nullable: false),
                    succeeded = table.Column<long>(type: "bigint", nullable: false),
                    retried = table.Column<long>(type: "bigint", nullable: false),
                    failed = table.Column<long>(type: "bigint", nullable: false),
                    canceled = table.Column<long>(type: "bigint", nullable: false),
                    released = table.Column<long>(type: "bigint", nullable: false),
                    bars = table.Column<byte[]>(type: "bytea", nullable: false),
                    bars_left_out = table.Column<int>(type: "integer", nullable: false)
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
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    process_space = table.Column<string>(type: "text", nullable: false),
                    process_id = table.Column<int>(type: "integer", nullable: false),
                    process_start = table.Column<long>(type: "bigint", nullable: false),
                    lanes = table.Column<string>(type: "text", nullable: false),
                    jobs = table.Column<string>(type: "text", nullable: false, defaultValue: "{}"),
                    state = table.Column<int>(type: "integer", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    heartbeat_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    lease_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    claimed_through = table.Column<string>(type: "text", nullable: false),
                    lane_loads = table.Column<string>(type: "text", nullable: false, defaultValue: "{}"),
                    machine = table.Column<string>(type: "text", nullable: false, defaultValue: ""),
                    program = table.Column<string>(type: "text", nullable: false, defaultValue: ""),
                    version = table.Column<string>(type: "text", nullable: false, defaultValue: ""),
                    drain_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    drain_by = table.Column<string>(type: "text", nullable: true),
                    drain_reason = table.Column<string>(type: "text", nullable: true)
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
                name: "ix_pending_sets_due",
                schema: "fleet",
                table: "pending_sets",
                columns: new[] { "lane", "due_at" });

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
                name: "ix_runs_ended",
                schema: "fleet",
                table: "runs",
                column: "created_at",
                filter: "indexed_state > 2");

            migrationBuilder.CreateIndex(
                name: "ix_runs_fingerprint",
                schema: "fleet",
                table: "runs",
                columns: new[] { "fingerprint", "id" },
                filter: "fingerprint IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_last_chance",
                schema: "fleet",
                table: "runs",
                column: "id",
                filter: "crashes >= 2");

            migrationBuilder.CreateIndex(
                name: "ix_runs_pending",
                schema: "fleet",
                table: "runs",
                columns: new[] { "lane", "due_at" },
                filter: "indexed_state = 0");

            migrationBuilder.CreateIndex(
                name: "ix_runs_revoked",
                schema: "fleet",
                table: "runs",
                columns: new[] { "schedule_id", "fire_time" },
                filter: "revoked");

            migrationBuilder.CreateIndex(
                name: "ix_runs_schedule",
                schema: "fleet",
                table: "runs",
                columns: new[] { "schedule_id", "id" },
                filter: "schedule_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_succeeded",
                schema: "fleet",
                table: "runs",
                column: "due_at",
                filter: "indexed_state IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_turns",
                schema: "fleet",
                table: "runs",
                column: "schedule_id",
                filter: "schedule_id IS NOT NULL AND indexed_state < 2");

            migrationBuilder.CreateIndex(
                name: "ix_runs_unstaged",
                schema: "fleet",
                table: "runs",
                column: "due_at",
                filter: "indexed_state = 0 AND NOT staged");

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
                filter: "fire_time IS NOT NULL AND NOT revoked");

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
                name: "claim_sets",
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
                name: "pending_sets",
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
