CREATE TABLE IF NOT EXISTS "fleet_migrations" (
    "MigrationId" TEXT NOT NULL CONSTRAINT "PK_fleet_migrations" PRIMARY KEY,
    "ProductVersion" TEXT NOT NULL
);

BEGIN TRANSACTION;
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
    "from_finished_at" INTEGER NULL
);

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

CREATE TABLE "fleet_run_logs" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_fleet_run_logs" PRIMARY KEY AUTOINCREMENT,
    "run_id" BLOB NOT NULL,
    "attempt" INTEGER NOT NULL,
    "at" INTEGER NOT NULL,
    "level" INTEGER NOT NULL,
    "message" TEXT NOT NULL
);

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
    "progress" REAL NULL,
    "progress_message" TEXT NULL,
    "tags" TEXT NULL,
    "trace_parent" TEXT NULL
);

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

CREATE INDEX "fleet_ix_attempts_run" ON "fleet_attempts" ("run_id");

CREATE INDEX "fleet_ix_inbox_received" ON "fleet_inbox" ("received_at");

CREATE INDEX "fleet_ix_misfires_schedule" ON "fleet_misfires" ("schedule_id", "last");

CREATE INDEX "fleet_ix_outbox_next_try" ON "fleet_outbox" ("next_try_at");

CREATE INDEX "fleet_ix_replays_run" ON "fleet_replays" ("run_id");

CREATE INDEX "fleet_ix_rollups_at" ON "fleet_rollups" ("step", "at");

CREATE INDEX "fleet_ix_run_logs_run" ON "fleet_run_logs" ("run_id");

CREATE INDEX "fleet_ix_runs_dead" ON "fleet_runs" ("finished_at") WHERE state = 3;

CREATE INDEX "fleet_ix_runs_finished" ON "fleet_runs" ("finished_at") WHERE finished_at IS NOT NULL;

CREATE INDEX "fleet_ix_runs_pending" ON "fleet_runs" ("lane", "due_at") WHERE state = 0;

CREATE INDEX "fleet_ix_runs_revoked" ON "fleet_runs" ("schedule_id", "fire_time") WHERE revoked;

CREATE INDEX "fleet_ix_runs_running" ON "fleet_runs" ("worker_id") WHERE state = 1;

CREATE INDEX "fleet_ix_runs_schedule" ON "fleet_runs" ("schedule_id", "id") WHERE schedule_id IS NOT NULL;

CREATE INDEX "fleet_ix_runs_turns" ON "fleet_runs" ("schedule_id") WHERE schedule_id IS NOT NULL AND state < 2;

CREATE INDEX "fleet_ix_runs_unstaged" ON "fleet_runs" ("due_at") WHERE state = 0 AND staged = 0;

CREATE UNIQUE INDEX "fleet_ux_runs_idempotency_key" ON "fleet_runs" ("idempotency_key") WHERE idempotency_key IS NOT NULL;

CREATE UNIQUE INDEX "fleet_ux_runs_occurrence" ON "fleet_runs" ("schedule_id", "fire_time") WHERE fire_time IS NOT NULL AND revoked = 0;

CREATE INDEX "fleet_ix_schedules_next" ON "fleet_schedules" ("next_plan_at") WHERE next_plan_at IS NOT NULL;

CREATE INDEX "fleet_ix_worker_samples_at" ON "fleet_worker_samples" ("at");

CREATE INDEX "fleet_ix_workers_alive" ON "fleet_workers" ("lease_until") WHERE state <> 2;

INSERT INTO "fleet_migrations" ("MigrationId", "ProductVersion")
VALUES ('20261130000000_Initial', '10.0.0');

COMMIT;


-- The rows.
INSERT INTO fleet_attempts ("id", "ended_at", "error", "error_type", "max_attempts", "max_attempts_from", "number", "outcome", "run_id", "stack", "started_at", "times", "verdict", "worker_id") VALUES (1, 1795348800000000, 'boom', 'T', NULL, NULL, 1, 0, X'01A20320A200781DA90035B09939FB5A', 'at x', 1795348800000000, 1, NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_attempts ("id", "ended_at", "error", "error_type", "max_attempts", "max_attempts_from", "number", "outcome", "run_id", "stack", "started_at", "times", "verdict", "worker_id") VALUES (2, 1795348800000000, 'drain', NULL, NULL, NULL, 1, 4, X'01A20320A20070729DD2F8C54FD55707', NULL, 1795348800000000, 1, NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_attempts ("id", "ended_at", "error", "error_type", "max_attempts", "max_attempts_from", "number", "outcome", "run_id", "stack", "started_at", "times", "verdict", "worker_id") VALUES (3, 1795348800000000, 'boom', 'T', NULL, NULL, 1, 0, X'01A20320A2007FDD9E8FD8F37F80E8D4', 'at x', 1795348800000000, 1, NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_attempts ("id", "ended_at", "error", "error_type", "max_attempts", "max_attempts_from", "number", "outcome", "run_id", "stack", "started_at", "times", "verdict", "worker_id") VALUES (4, 1795348800000000, 'boom', 'T', NULL, NULL, 1, 0, X'01A20320A2007BDB845C2FCA849AA201', 'at x', 1795348800000000, 1, NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_attempts ("id", "ended_at", "error", "error_type", "max_attempts", "max_attempts_from", "number", "outcome", "run_id", "stack", "started_at", "times", "verdict", "worker_id") VALUES (5, 1795348800000000, 'Its worker died while running it.', 'WorkerCrashed', NULL, NULL, 1, 2, X'01A20320A20075F8A238DCFE7BCFC026', NULL, 1795348800000000, 1, NULL, X'01A20320A200789389C72ABFE212800B');
INSERT INTO fleet_diag_ledger ("key", "run_id") VALUES ('a', '01a20320-a200-7195-a135-07b801eb7b22');
INSERT INTO fleet_inbox ("consumer", "message_id", "received_at") VALUES ('billing', X'0192F0C4000070008000000000000001', 1795348810000000);
INSERT INTO fleet_jobs ("name", "version", "aliases", "description", "example", "first_seen_at", "lane", "max_attempts", "published_by", "schema", "seen_at", "timeout_ms") VALUES ('note', 'a1bbfea39ff923d5', '[]', NULL, '{"text":""}', 1795348800000000, 'default', NULL, 'person - me', '{"type":"object","properties":{"text":{"type":"string","default":""}},"additionalProperties":false}', 1795348800000000, NULL);
INSERT INTO fleet_lanes ("name", "first_seen_at", "pause_reason", "paused_by", "paused_since", "paused_until") VALUES ('default', 1795348800000000, NULL, NULL, NULL, NULL);
INSERT INTO fleet_lanes ("name", "first_seen_at", "pause_reason", "paused_by", "paused_since", "paused_until") VALUES ('reports', 1795348800000000, 'moving', 'person - me', 1795348810000000, NULL);
INSERT INTO fleet_leases ("name", "expires_at", "owner", "term") VALUES ('fleet', 0, '7ae52e605de443c184723463052de7e2', 0);
INSERT INTO fleet_leases ("name", "expires_at", "owner", "term") VALUES ('leader', 1795352400000000, 'leader', 1);
INSERT INTO fleet_misfires ("id", "at", "count", "first", "last", "schedule_id") VALUES (1, 1795348800000000, 7, 1795348680000000, 1795348740000000, 'every');
INSERT INTO fleet_outbox ("id", "body", "consumed_id", "created_at", "destination", "envelope", "failures", "last_error", "message_id", "name", "next_try_at", "run_id", "trace_parent") VALUES (1, '{"id":1}', NULL, 1795348800000000, NULL, NULL, 0, NULL, X'01A20320A2007423AA94A421AB3F08DD', 'order.paid', 1795348800000000, X'01A20320A2007195A13507B801EB7B22', NULL);
INSERT INTO fleet_outbox ("id", "body", "consumed_id", "created_at", "destination", "envelope", "failures", "last_error", "message_id", "name", "next_try_at", "run_id", "trace_parent") VALUES (2, '{"id":1}', NULL, 1795348810000000, NULL, NULL, 1, 'refused', X'01A20320C9107414BC57467DA9E16F22', 'order.refused', 1795348811000000, NULL, NULL);
INSERT INTO fleet_replays ("id", "at", "by", "from_attempt", "from_canceled_by", "from_error", "from_finished_at", "from_state", "number", "run_id") VALUES (1, 1795348800000000, 'person - me', 1, NULL, 'boom', 1795348800000000, 3, 1, X'01A20320A2007BDB845C2FCA849AA201');
INSERT INTO fleet_rollups ("id", "at", "count", "durations", "job", "lane", "outcome", "slots", "step", "waited", "waits", "worked") VALUES (1, 1795348800000000, 1, X'', 'note', 'default', 4, 0, 0, 0, X'', 0);
INSERT INTO fleet_rollups ("id", "at", "count", "durations", "job", "lane", "outcome", "slots", "step", "waited", "waits", "worked") VALUES (2, 1795348800000000, 1, X'', 'note', 'default', 7, 0, 0, 0, X'', 0);
INSERT INTO fleet_rollups ("id", "at", "count", "durations", "job", "lane", "outcome", "slots", "step", "waited", "waits", "worked") VALUES (3, 1795348800000000, 3, X'', 'note', 'default', 6, 0, 0, 0, X'', 0);
INSERT INTO fleet_rollups ("id", "at", "count", "durations", "job", "lane", "outcome", "slots", "step", "waited", "waits", "worked") VALUES (4, 1795348800000000, 1, X'', 'note', 'default', 6, 0, 0, 0, X'', 0);
INSERT INTO fleet_rollups ("id", "at", "count", "durations", "job", "lane", "outcome", "slots", "step", "waited", "waits", "worked") VALUES (5, 1795348800000000, 1, X'011901', 'note', 'default', 1, 0, 0, 1000, X'011101', 2000);
INSERT INTO fleet_run_logs ("id", "at", "attempt", "level", "message", "run_id") VALUES (1, 1795348800000000, 1, 1, 'two
lines', X'01A20320A2007195A13507B801EB7B22');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20070729DD2F8C54FD55707', '{"text":"a"}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795349100000000, NULL, NULL, NULL, NULL, NULL, NULL, 'note', 'default', 1088435854997332977, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, 1795348800000000, 0, '["snoozed"]', NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A200717EA1F2CF7A1E17C441', '{}', 0, 0, 4, NULL, 'person - me', 0, 1795348800000000, 1795348820000000, NULL, 'Revoked: the schedule was stopped.', NULL, 1795348800000000, 1795348820000000, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 1, 'stopped', 0, NULL, 4, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007195A13507B801EB7B22', '{"text":"a"}', 1, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, NULL, 'note', 'default', 5604665788115671121, NULL, '{"text":"it''s done"}', 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, 1795348800000000, 2, '["succeeded"]', NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A200741F8FC09EA957960DD3', '{"text":"a"}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348800000000, NULL, NULL, NULL, NULL, NULL, 'order-1', 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, X'2487C2A82F54609FCD48FD1DFE65BC1C', 0, NULL, 1, NULL, 0, '["keyed"]', NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007430B2E0EE41A6DD56FC', '{}', 0, 0, 4, NULL, 'person - me', 0, 1795348800000000, 1795348830000000, NULL, 'Revoked: the schedule was paused.', NULL, 1795348800000000, 1795348830000000, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 1, 'paused', 0, NULL, 4, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20075C3AEEFDDDFED4DC904', '{}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348800000000, NULL, NULL, NULL, NULL, NULL, NULL, 'note', 'default', 0, NULL, NULL, 0, X'01A20320A2007195A13507B801EB7B22', NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0, '["followUp"]', NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20075F8A238DCFE7BCFC026', '{"text":"a"}', 1, 1, NULL, NULL, NULL, 1, 1795348800000000, 1795348800000000, NULL, 'Its worker died while running it.', 'WorkerCrashed', NULL, NULL, NULL, 'note', 'default', 3168775998440327810, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, 1795348800000000, 0, '["crashed"]', NULL, X'01A20320A200789389C72ABFE212800B');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A200776BAF4A97F6113D5E81', '{"text":"a"}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348800000000, NULL, NULL, NULL, NULL, NULL, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, NULL, 0, '["waiting"]', NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20077A7B2F229B875874F15', '{"text":"a"}', 1, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348800000000, NULL, NULL, NULL, NULL, NULL, NULL, 'note', 'default', 7557225686557548946, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, 1795348800000000, 1, '["running"]', NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A200781DA90035B09939FB5A', '{"text":"a"}', 1, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348860000000, NULL, 'boom', 'T', NULL, NULL, NULL, 'note', 'default', 5283266140104755140, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, 1795348800000000, 0, '["retrying"]', NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007B4D84E7B7962A28B84A', '{}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348820000000, NULL, NULL, NULL, NULL, 1795348820000000, NULL, 'note', 'default', 0, NULL, NULL, 1, NULL, NULL, NULL, 0, NULL, 0, 'every', 0, NULL, 0, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007BDB845C2FCA849AA201', '{"text":"a"}', 1, 1, NULL, NULL, NULL, 0, 1795348800000000, 1795348800000000, NULL, 'boom', 'T', NULL, NULL, NULL, 'note', 'default', 1608742959728531622, NULL, NULL, 0, NULL, NULL, NULL, 1, NULL, 0, NULL, 1, 1795348800000000, 0, '["replayed"]', NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007C189EBBE6FF648F9F76', '{"text":"a"}', 1, 0, 1, 1795348800000000, 'person - me', 0, 1795348800000000, 1795348800000000, NULL, 'because', NULL, NULL, NULL, NULL, 'note', 'default', 4431052190774332942, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, 1795348800000000, 1, '["stopping"]', NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007DA4B09C9CB822A6822F', '{}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348819825000, NULL, NULL, NULL, NULL, 1795348819825000, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, 'jittered', 0, NULL, 0, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007DB2BC8587BBADDDF5DE', '{}', 0, 0, 4, NULL, 'person - me', 0, 1795348800000000, 1795348810000000, NULL, 'Revoked: the schedule was paused.', NULL, 1795348800000000, 1795348810000000, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 1, 'paused', 0, NULL, 4, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007E9CA23D56DE8EF20CD2', '{"text":"a"}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795352400000000, NULL, NULL, NULL, NULL, NULL, NULL, 'note', 'reports', 0, 2, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0, '["delayed"]', NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007F0D8ECC057383AC8FE1', '{}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348830000000, NULL, NULL, NULL, NULL, 1795348830000000, NULL, 'note', 'default', 0, NULL, NULL, 1, NULL, NULL, NULL, 0, NULL, 0, 'every', 0, NULL, 0, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007F21B7DA136236FFC143', '{}', 1, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348810000000, NULL, NULL, NULL, 1795348810000000, 1795348810000000, NULL, 'note', 'default', 7701043546972593324, NULL, NULL, 1, NULL, NULL, NULL, 0, NULL, 0, 'every', 1, 1795348810000000, 2, NULL, NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007FC8A70848897D5863CC', '{"text":"a"}', 0, 0, 1, NULL, 'person - me', 0, 1795348800000000, 1795348800000000, NULL, 'because', NULL, 1795348800000000, NULL, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, NULL, 4, '["canceled"]', NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007FDD9E8FD8F37F80E8D4', '{"text":"a"}', 1, 0, NULL, NULL, NULL, 0, 1795348800000000, 1795348800000000, NULL, 'boom', 'T', 1795348800000000, NULL, NULL, 'note', 'default', 6221193235194001122, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, 1795348800000000, 3, '["failed"]', NULL, X'01A20320A20074C08DA8E2F0EBC27BC1');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "due_at", "enqueued_by", "error", "error_type", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007FDFA227041CC09FA8AC', '{}', 0, 0, 4, NULL, 'person - me', 0, 1795348800000000, 1795348820000000, NULL, 'Revoked: the schedule was paused.', NULL, 1795348800000000, 1795348820000000, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 1, 'paused', 0, NULL, 4, NULL, NULL, NULL);
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('daily', NULL, '{}', NULL, 1795348800000000, '0 6 * * *', NULL, NULL, '2026-12-24..2027-01-02', NULL, 'note', NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, 1795410000000000, 0, 0, 1795348800000000, 'person - me', NULL, NULL, 'api', NULL, 1, NULL, NULL, NULL, NULL, 1795348800000000, 1, 'Europe/Berlin');
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('every', NULL, '{}', NULL, 1795348800000000, NULL, NULL, '10s', NULL, NULL, 'note', '{"team":"billing"}', NULL, 1795348830000000, NULL, 1000, 0, '1h', 0, 1795348840000000, 1, 3, 1795348830000000, 'person - me', NULL, NULL, 'api', NULL, 1, NULL, NULL, NULL, NULL, 1795348800000000, 2, NULL);
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('jittered', NULL, '{}', NULL, 1795348800000000, '*/5 * * * *', NULL, NULL, NULL, '30s', 'note', NULL, NULL, 1795348819825000, NULL, NULL, 0, NULL, 0, 1795349119825000, 0, 1, 1795348830000000, 'person - me', NULL, NULL, 'api', NULL, 1, NULL, NULL, NULL, NULL, 1795348800000000, 2, NULL);
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('once', NULL, '{}', 1795356000000000, 1795348800000000, NULL, NULL, NULL, NULL, NULL, 'note', NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, 1795356000000000, 0, 0, 1795348800000000, 'person - me', NULL, NULL, 'api', NULL, 1, NULL, NULL, NULL, NULL, 1795348800000000, 1, NULL);
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('paused', NULL, '{}', NULL, 1795348800000000, NULL, NULL, '10s', NULL, NULL, 'note', NULL, NULL, 1795348830000000, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 1795348830000000, 'person - me', NULL, NULL, 'api', NULL, 2, 'person - me', 'holiday', 1795348800000000, NULL, 1795348800000000, 3, NULL);
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('stopped', NULL, '{}', NULL, 1795348800000000, NULL, NULL, '20s', NULL, NULL, 'note', NULL, NULL, 1795348820000000, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 1795348830000000, 'person - me', '9c6f15c63d0ee865d39a71145c9ff593', NULL, 'api', NULL, 0, 'person - me', NULL, 1795348800000000, NULL, 1795348800000000, 4, NULL);
INSERT INTO fleet_views ("name", "changed_at", "changed_by", "columns", "created_at", "owner", "query", "shared", "sort", "version") VALUES ('dead', 1795348810000000, 'person - me', '["id","job"]', 1795348810000000, 'person - me', 'state:failed', 1, '-finishedAt', 1);
INSERT INTO fleet_worker_samples ("worker_id", "lane", "at", "bars", "bars_left_out", "busy", "canceled", "failed", "length", "released", "retried", "slots", "succeeded") VALUES (X'01A20320A20074C08DA8E2F0EBC27BC1', 'default', 1795348800000000, X'', 0, 2000, 0, 0, 10000000, 0, 0, 80000000, 1);
INSERT INTO fleet_workers ("id", "claimed_through", "drain_by", "drain_reason", "drain_since", "heartbeat_at", "jobs", "lane_loads", "lanes", "lease_until", "machine", "name", "process_id", "process_space", "process_start", "program", "started_at", "state", "version") VALUES (X'01A20320A20074C08DA8E2F0EBC27BC1', '{"default":1795348800000}', NULL, NULL, NULL, 1795348809000000, '{"note":"a1bbfea39ff923d5"}', '{"default":{"slots":4,"busy":1,"quiet":false}}', '{"default":8}', 1795348809000000, 'vm', 'w', 1, 'elsewhere', 1, 'Fleet.Tests', 1795348800000000, 0, '0.1.0');
INSERT INTO fleet_workers ("id", "claimed_through", "drain_by", "drain_reason", "drain_since", "heartbeat_at", "jobs", "lane_loads", "lanes", "lease_until", "machine", "name", "process_id", "process_space", "process_start", "program", "started_at", "state", "version") VALUES (X'01A20320A200789389C72ABFE212800B', '{}', NULL, NULL, NULL, 1795348799000000, '{"note":"a1bbfea39ff923d5"}', '{}', '{"default":8}', 1795348799000000, 'vm', 'w', 1, 'elsewhere', 1, 'Fleet.Tests', 1795348800000000, 2, '0.1.0');
INSERT INTO fleet_workers ("id", "claimed_through", "drain_by", "drain_reason", "drain_since", "heartbeat_at", "jobs", "lane_loads", "lanes", "lease_until", "machine", "name", "process_id", "process_space", "process_start", "program", "started_at", "state", "version") VALUES (X'01A20320C910732CB8B62F3E021BD8A9', '{}', 'person - me', 'moving', 1795348810000000, 1795348810000000, '{"note":"a1bbfea39ff923d5"}', '{}', '{"default":8}', 1795352410000000, 'vm', 'w', 1, 'elsewhere', 1, 'Fleet.Tests', 1795348810000000, 0, '0.1.0');
INSERT INTO fleet_workers ("id", "claimed_through", "drain_by", "drain_reason", "drain_since", "heartbeat_at", "jobs", "lane_loads", "lanes", "lease_until", "machine", "name", "process_id", "process_space", "process_start", "program", "started_at", "state", "version") VALUES (X'01A20320C910777ABED2F16DA27ECC36', '{}', NULL, NULL, NULL, 1795348810000000, '{"note":"a1bbfea39ff923d5"}', '{}', '{}', 1795352410000000, 'vm', 'w', 1, 'elsewhere', 1, 'Fleet.Tests', 1795348810000000, 1, '0.1.0');
