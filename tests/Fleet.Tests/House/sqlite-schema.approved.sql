CREATE TABLE "fleet_api_keys" (
    "id" TEXT NOT NULL CONSTRAINT "PK_fleet_api_keys" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "hash" BLOB NOT NULL,
    "role" TEXT NOT NULL,
    "lanes" TEXT NULL,
    "created_at" INTEGER NOT NULL,
    "created_by" TEXT NULL,
    "expires_at" INTEGER NOT NULL,
    "last_used_at" INTEGER NULL,
    "revoked_at" INTEGER NULL,
    "revoked_by" TEXT NULL,
    "rotated_from" TEXT NULL
);

CREATE TABLE "fleet_attempts" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_fleet_attempts" PRIMARY KEY AUTOINCREMENT,
    "run_id" BLOB NOT NULL,
    "number" INTEGER NOT NULL,
    "times" INTEGER NOT NULL DEFAULT 1,
    "worker_id" BLOB NULL,
    "started_at" INTEGER NULL,
    "ended_at" INTEGER NOT NULL,
    "outcome" INTEGER NOT NULL,
    "error_type" TEXT NULL,
    "error" TEXT NULL,
    "stack" TEXT NULL,
    "verdict" INTEGER NULL,
    "max_attempts" INTEGER NULL,
    "max_attempts_from" INTEGER NULL
);

CREATE INDEX "fleet_ix_attempts_run" ON "fleet_attempts" ("run_id");

CREATE TABLE "fleet_audit" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_fleet_audit" PRIMARY KEY AUTOINCREMENT,
    "at" INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    "on_behalf_of" TEXT NULL,
    "way" TEXT NOT NULL,
    "key_id" TEXT NULL,
    "subject" TEXT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "before" TEXT NULL,
    "after" TEXT NULL,
    "reason" TEXT NULL
);

CREATE INDEX "fleet_ix_audit_at" ON "fleet_audit" ("at");

CREATE INDEX "fleet_ix_audit_target" ON "fleet_audit" ("target", "id");

CREATE TABLE "fleet_dead_letters" (
    "run_id" BLOB NOT NULL CONSTRAINT "PK_fleet_dead_letters" PRIMARY KEY,
    "fingerprint" TEXT NOT NULL,
    "job" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "failed_at" INTEGER NOT NULL,
    "version" TEXT NULL
);

CREATE INDEX "fleet_ix_dead_letters_failed" ON "fleet_dead_letters" ("failed_at");

CREATE INDEX "fleet_ix_dead_letters_group" ON "fleet_dead_letters" ("fingerprint", "failed_at");

CREATE INDEX "fleet_ix_dead_letters_lane" ON "fleet_dead_letters" ("lane", "failed_at");

CREATE INDEX "fleet_ix_dead_letters_version" ON "fleet_dead_letters" ("fingerprint", "version");

CREATE TABLE "fleet_diag_ledger" (
    "run_id" TEXT NOT NULL,
    "key" TEXT NOT NULL
);

CREATE TABLE "fleet_inbox" (
    "consumer" TEXT NOT NULL,
    "message_id" BLOB NOT NULL,
    "received_at" INTEGER NOT NULL,
    CONSTRAINT "PK_fleet_inbox" PRIMARY KEY ("consumer", "message_id")
);

CREATE INDEX "fleet_ix_inbox_received" ON "fleet_inbox" ("received_at");

CREATE TABLE "fleet_jobs" (
    "name" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "max_attempts" INTEGER NULL,
    "timeout_ms" INTEGER NULL,
    "description" TEXT NULL,
    "aliases" TEXT NOT NULL,
    "schema" TEXT NOT NULL,
    "example" TEXT NOT NULL,
    "first_seen_at" INTEGER NOT NULL,
    "published_by" TEXT NULL,
    "seen_at" INTEGER NOT NULL,
    CONSTRAINT "PK_fleet_jobs" PRIMARY KEY ("name", "version")
);

CREATE TABLE "fleet_lanes" (
    "name" TEXT NOT NULL CONSTRAINT "PK_fleet_lanes" PRIMARY KEY,
    "first_seen_at" INTEGER NOT NULL,
    "paused_since" INTEGER NULL,
    "paused_by" TEXT NULL,
    "pause_reason" TEXT NULL,
    "paused_until" INTEGER NULL
);

CREATE TABLE "fleet_leases" (
    "name" TEXT NOT NULL CONSTRAINT "PK_fleet_leases" PRIMARY KEY,
    "owner" TEXT NOT NULL,
    "term" INTEGER NOT NULL,
    "expires_at" INTEGER NOT NULL
);

CREATE TABLE "fleet_misfires" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_fleet_misfires" PRIMARY KEY AUTOINCREMENT,
    "schedule_id" TEXT NOT NULL,
    "first" INTEGER NOT NULL,
    "last" INTEGER NOT NULL,
    "count" INTEGER NOT NULL,
    "at" INTEGER NOT NULL
);

CREATE INDEX "fleet_ix_misfires_schedule" ON "fleet_misfires" ("schedule_id", "last");

CREATE TABLE "fleet_mutes" (
    "fingerprint" TEXT NOT NULL CONSTRAINT "PK_fleet_mutes" PRIMARY KEY,
    "at" INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    "until" INTEGER NULL,
    "versions" TEXT NULL,
    "reason" TEXT NULL
);

CREATE TABLE "fleet_operations" (
    "id" TEXT NOT NULL CONSTRAINT "PK_fleet_operations" PRIMARY KEY,
    "kind" INTEGER NOT NULL,
    "state" INTEGER NOT NULL,
    "query" TEXT NOT NULL,
    "lanes" TEXT NULL,
    "as_of" INTEGER NOT NULL,
    "newest" BLOB NULL,
    "matched" INTEGER NOT NULL,
    "matched_more" INTEGER NOT NULL,
    "rate" INTEGER NOT NULL,
    "reason" TEXT NULL,
    "cursor" BLOB NULL,
    "done" INTEGER NOT NULL,
    "skipped_changed" INTEGER NOT NULL,
    "skipped_gone" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "error" TEXT NULL,
    "created_at" INTEGER NOT NULL,
    "created_by" TEXT NOT NULL,
    "finished_at" INTEGER NULL,
    "canceled_by" TEXT NULL
);

CREATE INDEX "fleet_ix_operations_finished" ON "fleet_operations" ("finished_at");

CREATE INDEX "fleet_ix_operations_running" ON "fleet_operations" ("state") WHERE state = 0;

CREATE TABLE "fleet_outbox" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_fleet_outbox" PRIMARY KEY AUTOINCREMENT,
    "message_id" BLOB NOT NULL,
    "name" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "run_id" BLOB NULL,
    "consumed_id" BLOB NULL,
    "destination" TEXT NULL,
    "envelope" TEXT NULL,
    "trace_parent" TEXT NULL,
    "created_at" INTEGER NOT NULL,
    "failures" INTEGER NOT NULL,
    "next_try_at" INTEGER NOT NULL,
    "last_error" TEXT NULL
);

CREATE INDEX "fleet_ix_outbox_next_try" ON "fleet_outbox" ("next_try_at");

CREATE TABLE "fleet_protection_keys" (
    "number" INTEGER NOT NULL CONSTRAINT "PK_fleet_protection_keys" PRIMARY KEY,
    "xml" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL
);

CREATE TABLE "fleet_replays" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_fleet_replays" PRIMARY KEY AUTOINCREMENT,
    "run_id" BLOB NOT NULL,
    "number" INTEGER NOT NULL,
    "at" INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    "from_state" INTEGER NOT NULL,
    "from_attempt" INTEGER NOT NULL,
    "from_error" TEXT NULL,
    "from_canceled_by" TEXT NULL,
    "from_args" TEXT NULL,
    "from_finished_at" INTEGER NULL
);

CREATE INDEX "fleet_ix_replays_run" ON "fleet_replays" ("run_id");

CREATE TABLE "fleet_rollups" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_fleet_rollups" PRIMARY KEY AUTOINCREMENT,
    "at" INTEGER NOT NULL,
    "step" INTEGER NOT NULL,
    "job" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "outcome" INTEGER NOT NULL,
    "count" INTEGER NOT NULL,
    "waited" INTEGER NOT NULL,
    "worked" INTEGER NOT NULL,
    "slots" INTEGER NOT NULL,
    "waits" BLOB NOT NULL,
    "durations" BLOB NOT NULL
);

CREATE INDEX "fleet_ix_rollups_at" ON "fleet_rollups" ("step", "at");

CREATE TABLE "fleet_run_logs" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_fleet_run_logs" PRIMARY KEY AUTOINCREMENT,
    "run_id" BLOB NOT NULL,
    "attempt" INTEGER NOT NULL,
    "at" INTEGER NOT NULL,
    "level" INTEGER NOT NULL,
    "message" TEXT NOT NULL
);

CREATE INDEX "fleet_ix_run_logs_run" ON "fleet_run_logs" ("run_id");

CREATE TABLE "fleet_runs" (
    "id" BLOB NOT NULL CONSTRAINT "PK_fleet_runs" PRIMARY KEY,
    "job" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "state" INTEGER NOT NULL,
    "due_at" INTEGER NOT NULL,
    "staged" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "attempt_offset" INTEGER NOT NULL,
    "max_attempts" INTEGER NULL,
    "crashes" INTEGER NOT NULL,
    "replays" INTEGER NOT NULL,
    "worker_id" BLOB NULL,
    "lease_token" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL,
    "started_at" INTEGER NULL,
    "finished_at" INTEGER NULL,
    "cancel_requested_at" INTEGER NULL,
    "cancel_cause" INTEGER NULL,
    "canceled_by" TEXT NULL,
    "enqueued_by" TEXT NULL,
    "idempotency_key" TEXT NULL,
    "request_hash" BLOB NULL,
    "schedule_id" TEXT NULL,
    "fire_time" INTEGER NULL,
    "overlap" INTEGER NOT NULL,
    "revoked" INTEGER NOT NULL,
    "parent_id" BLOB NULL,
    "args" TEXT NOT NULL,
    "output" TEXT NULL,
    "error_type" TEXT NULL,
    "error" TEXT NULL,
    "fingerprint" TEXT NULL,
    "discarded_at" INTEGER NULL,
    "discarded_by" TEXT NULL,
    "discard_reason" TEXT NULL,
    "progress" REAL NULL,
    "progress_message" TEXT NULL,
    "tags" TEXT NULL,
    "trace_parent" TEXT NULL
);

CREATE INDEX "fleet_ix_runs_dead" ON "fleet_runs" ("finished_at") WHERE state = 3;

CREATE INDEX "fleet_ix_runs_fingerprint" ON "fleet_runs" ("fingerprint", "id") WHERE fingerprint IS NOT NULL;

CREATE INDEX "fleet_ix_runs_finished" ON "fleet_runs" ("finished_at") WHERE finished_at IS NOT NULL;

CREATE INDEX "fleet_ix_runs_pending" ON "fleet_runs" ("lane", "due_at") WHERE state = 0;

CREATE INDEX "fleet_ix_runs_revoked" ON "fleet_runs" ("schedule_id", "fire_time") WHERE revoked;

CREATE INDEX "fleet_ix_runs_running" ON "fleet_runs" ("worker_id") WHERE state = 1;

CREATE INDEX "fleet_ix_runs_schedule" ON "fleet_runs" ("schedule_id", "id") WHERE schedule_id IS NOT NULL;

CREATE INDEX "fleet_ix_runs_turns" ON "fleet_runs" ("schedule_id") WHERE schedule_id IS NOT NULL AND state < 2;

CREATE INDEX "fleet_ix_runs_unstaged" ON "fleet_runs" ("due_at") WHERE state = 0 AND staged = 0;

CREATE UNIQUE INDEX "fleet_ux_runs_idempotency_key" ON "fleet_runs" ("idempotency_key") WHERE idempotency_key IS NOT NULL;

CREATE UNIQUE INDEX "fleet_ux_runs_occurrence" ON "fleet_runs" ("schedule_id", "fire_time") WHERE fire_time IS NOT NULL AND revoked = 0;

CREATE TABLE "fleet_schedules" (
    "id" TEXT NOT NULL CONSTRAINT "PK_fleet_schedules" PRIMARY KEY,
    "job" TEXT NOT NULL,
    "args" TEXT NOT NULL,
    "lane" TEXT NULL,
    "max_attempts" INTEGER NULL,
    "tags" TEXT NULL,
    "cron" TEXT NULL,
    "every" TEXT NULL,
    "anchor" INTEGER NULL,
    "at" INTEGER NULL,
    "zone" TEXT NULL,
    "starts_at" INTEGER NULL,
    "ends_at" INTEGER NULL,
    "exclude" TEXT NULL,
    "jitter" TEXT NULL,
    "max_occurrences" INTEGER NULL,
    "misfire" INTEGER NOT NULL,
    "misfire_deadline" TEXT NULL,
    "overlap" INTEGER NOT NULL,
    "labels" TEXT NULL,
    "status" INTEGER NOT NULL,
    "status_reason" TEXT NULL,
    "status_by" TEXT NULL,
    "status_since" INTEGER NULL,
    "resume_at" INTEGER NULL,
    "source" TEXT NOT NULL,
    "put_by" TEXT NULL,
    "replaced" TEXT NULL,
    "planned_until" INTEGER NOT NULL,
    "next_plan_at" INTEGER NULL,
    "last_fire_time" INTEGER NULL,
    "planned" INTEGER NOT NULL,
    "missed" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL,
    "updated_at" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
);

CREATE INDEX "fleet_ix_schedules_next" ON "fleet_schedules" ("next_plan_at") WHERE next_plan_at IS NOT NULL;

CREATE TABLE "fleet_sessions" (
    "id" TEXT NOT NULL CONSTRAINT "PK_fleet_sessions" PRIMARY KEY,
    "hash" BLOB NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "lanes" TEXT NULL,
    "key_id" TEXT NULL,
    "subject" TEXT NULL,
    "address" TEXT NULL,
    "agent" TEXT NULL,
    "created_at" INTEGER NOT NULL,
    "last_seen_at" INTEGER NOT NULL,
    "expires_at" INTEGER NOT NULL
);

CREATE INDEX "fleet_ix_sessions_expiry" ON "fleet_sessions" ("expires_at");

CREATE TABLE "fleet_views" (
    "name" TEXT NOT NULL CONSTRAINT "PK_fleet_views" PRIMARY KEY,
    "query" TEXT NOT NULL,
    "columns" TEXT NULL,
    "sort" TEXT NULL,
    "shared" INTEGER NOT NULL,
    "owner" TEXT NULL,
    "created_at" INTEGER NOT NULL,
    "changed_at" INTEGER NOT NULL,
    "changed_by" TEXT NULL,
    "version" INTEGER NOT NULL
);

CREATE TABLE "fleet_worker_samples" (
    "worker_id" BLOB NOT NULL,
    "lane" TEXT NOT NULL,
    "at" INTEGER NOT NULL,
    "length" INTEGER NOT NULL,
    "busy" INTEGER NOT NULL,
    "slots" INTEGER NOT NULL,
    "succeeded" INTEGER NOT NULL,
    "retried" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "canceled" INTEGER NOT NULL,
    "released" INTEGER NOT NULL,
    "bars" BLOB NOT NULL,
    "bars_left_out" INTEGER NOT NULL,
    CONSTRAINT "PK_fleet_worker_samples" PRIMARY KEY ("worker_id", "lane", "at")
);

CREATE INDEX "fleet_ix_worker_samples_at" ON "fleet_worker_samples" ("at");

CREATE TABLE "fleet_workers" (
    "id" BLOB NOT NULL CONSTRAINT "PK_fleet_workers" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "process_space" TEXT NOT NULL,
    "process_id" INTEGER NOT NULL,
    "process_start" INTEGER NOT NULL,
    "lanes" TEXT NOT NULL,
    "jobs" TEXT NOT NULL DEFAULT '{}',
    "state" INTEGER NOT NULL,
    "started_at" INTEGER NOT NULL,
    "heartbeat_at" INTEGER NOT NULL,
    "lease_until" INTEGER NOT NULL,
    "claimed_through" TEXT NOT NULL,
    "lane_loads" TEXT NOT NULL DEFAULT '{}',
    "machine" TEXT NOT NULL DEFAULT '',
    "program" TEXT NOT NULL DEFAULT '',
    "version" TEXT NOT NULL DEFAULT '',
    "drain_since" INTEGER NULL,
    "drain_by" TEXT NULL,
    "drain_reason" TEXT NULL
);

CREATE INDEX "fleet_ix_workers_alive" ON "fleet_workers" ("lease_until") WHERE state <> 2;
