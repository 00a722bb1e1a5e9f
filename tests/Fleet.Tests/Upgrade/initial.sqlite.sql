CREATE TABLE IF NOT EXISTS "fleet_migrations" (
    "MigrationId" TEXT NOT NULL CONSTRAINT "PK_fleet_migrations" PRIMARY KEY,
    "ProductVersion" TEXT NOT NULL
);

BEGIN TRANSACTION;
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

CREATE TABLE "fleet_dead_letters" (
    "run_id" BLOB NOT NULL CONSTRAINT "PK_fleet_dead_letters" PRIMARY KEY,
    "fingerprint" TEXT NOT NULL,
    "job" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "failed_at" INTEGER NOT NULL,
    "version" TEXT NULL
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
    "fingerprint" TEXT NULL,
    "discarded_at" INTEGER NULL,
    "discarded_by" TEXT NULL,
    "discard_reason" TEXT NULL,
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

CREATE INDEX "fleet_ix_audit_at" ON "fleet_audit" ("at");

CREATE INDEX "fleet_ix_audit_target" ON "fleet_audit" ("target", "id");

CREATE INDEX "fleet_ix_dead_letters_failed" ON "fleet_dead_letters" ("failed_at");

CREATE INDEX "fleet_ix_dead_letters_group" ON "fleet_dead_letters" ("fingerprint", "failed_at");

CREATE INDEX "fleet_ix_dead_letters_lane" ON "fleet_dead_letters" ("lane", "failed_at");

CREATE INDEX "fleet_ix_dead_letters_version" ON "fleet_dead_letters" ("fingerprint", "version");

CREATE INDEX "fleet_ix_inbox_received" ON "fleet_inbox" ("received_at");

CREATE INDEX "fleet_ix_misfires_schedule" ON "fleet_misfires" ("schedule_id", "last");

CREATE INDEX "fleet_ix_operations_finished" ON "fleet_operations" ("finished_at");

CREATE INDEX "fleet_ix_operations_running" ON "fleet_operations" ("state") WHERE state = 0;

CREATE INDEX "fleet_ix_outbox_next_try" ON "fleet_outbox" ("next_try_at");

CREATE INDEX "fleet_ix_replays_run" ON "fleet_replays" ("run_id");

CREATE INDEX "fleet_ix_rollups_at" ON "fleet_rollups" ("step", "at");

CREATE INDEX "fleet_ix_run_logs_run" ON "fleet_run_logs" ("run_id");

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

CREATE INDEX "fleet_ix_schedules_next" ON "fleet_schedules" ("next_plan_at") WHERE next_plan_at IS NOT NULL;

CREATE INDEX "fleet_ix_sessions_expiry" ON "fleet_sessions" ("expires_at");

CREATE INDEX "fleet_ix_worker_samples_at" ON "fleet_worker_samples" ("at");

CREATE INDEX "fleet_ix_workers_alive" ON "fleet_workers" ("lease_until") WHERE state <> 2;

INSERT INTO "fleet_migrations" ("MigrationId", "ProductVersion")
VALUES ('20261130000000_Initial', '10.0.0');

COMMIT;


-- The rows.
INSERT INTO fleet_api_keys ("id", "created_at", "created_by", "expires_at", "hash", "lanes", "last_used_at", "name", "revoked_at", "revoked_by", "role", "rotated_from") VALUES ('g53kwmaz', 1795348810000000, 'person - me', 1803124810000000, X'EB175DFA512620CA5867BD0A2FD1092F6B4426ED9A3DA577965010D79A94F801', '["mail"]', NULL, 'billing', NULL, NULL, 'operator', NULL);
INSERT INTO fleet_api_keys ("id", "created_at", "created_by", "expires_at", "hash", "lanes", "last_used_at", "name", "revoked_at", "revoked_by", "role", "rotated_from") VALUES ('ml3w5nl4', 1795348810000000, 'person - me', 1803124810000000, X'976CFA03C03F0BCF304BCCE451490F2D6FC89D986D687BABD05B02A1832DD476', NULL, NULL, 'ops', 1795348810000000, 'person - me', 'admin', NULL);
INSERT INTO fleet_attempts ("id", "ended_at", "error", "error_type", "max_attempts", "max_attempts_from", "number", "outcome", "run_id", "stack", "started_at", "times", "verdict", "worker_id") VALUES (1, 1795348800000000, 'boom', 'T', NULL, NULL, 1, 0, X'01A20320A20072769B10C30AA37D6D60', 'at x', 1795348800000000, 1, NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_attempts ("id", "ended_at", "error", "error_type", "max_attempts", "max_attempts_from", "number", "outcome", "run_id", "stack", "started_at", "times", "verdict", "worker_id") VALUES (2, 1795348800000000, 'drain', NULL, NULL, NULL, 1, 4, X'01A20320A2007D3E84DA6978DCF5BF01', NULL, 1795348800000000, 1, NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_attempts ("id", "ended_at", "error", "error_type", "max_attempts", "max_attempts_from", "number", "outcome", "run_id", "stack", "started_at", "times", "verdict", "worker_id") VALUES (3, 1795348800000000, 'boom', 'T', NULL, NULL, 1, 0, X'01A20320A2007BA68D456CE004C10C9A', 'at x', 1795348800000000, 1, NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_attempts ("id", "ended_at", "error", "error_type", "max_attempts", "max_attempts_from", "number", "outcome", "run_id", "stack", "started_at", "times", "verdict", "worker_id") VALUES (4, 1795348800000000, 'boom', 'T', NULL, NULL, 1, 0, X'01A20320A20074DAA4628356F36D7737', 'at x', 1795348800000000, 1, NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_attempts ("id", "ended_at", "error", "error_type", "max_attempts", "max_attempts_from", "number", "outcome", "run_id", "stack", "started_at", "times", "verdict", "worker_id") VALUES (5, 1795348800000000, 'Its worker died while running it.', 'WorkerCrashed', NULL, NULL, 1, 2, X'01A20320A2007E4EA597728E5BE1A44C', NULL, 1795348800000000, 1, NULL, X'01A20320A20070DDA5FD0C5306F11DFD');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (1, 'run.replay', '{"state":"pending"}', 1795348800000000, '{"state":"failed"}', 'person - me', NULL, NULL, NULL, NULL, '01a20320-a200-74da-a462-8356f36d7737', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (10, 'schedule.put', '{"every":"20s"}', 1795348800000000, '{"every":"10s"}', 'person - me', NULL, NULL, NULL, NULL, 'stopped', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (11, 'schedule.pause', '{"status":"paused","statusSince":"2026-11-22T12:00:00+00:00"}', 1795348800000000, '{"status":"running","statusSince":null}', 'person - me', NULL, NULL, 'holiday', NULL, 'paused', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (12, 'schedule.stop', '{"status":"stopped","statusSince":"2026-11-22T12:00:00+00:00"}', 1795348800000000, '{"status":"running","statusSince":null}', 'person - me', NULL, NULL, NULL, NULL, 'stopped', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (13, 'view.put', '{"query":"state:failed","columns":["id","job"],"sort":"-finishedAt","shared":true,"owner":"me (person)","changedBy":"me (person)"}', 1795348810000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'dead', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (14, 'key.create', '{"name":"billing","role":"operator","lanes":["mail"],"expiresAt":"2027-02-20T12:00:10+00:00","revokedAt":null,"rotatedTo":null}', 1795348810000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'g53kwmaz', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (15, 'key.create', '{"name":"ops","role":"admin","lanes":null,"expiresAt":"2027-02-20T12:00:10+00:00","revokedAt":null,"rotatedTo":null}', 1795348810000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'ml3w5nl4', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (16, 'session.create', '{"name":"ops","role":"admin","keyId":"ml3w5nl4"}', 1795348810000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'sxghiggj', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (17, 'key.revoke', '{"revokedAt":"2026-11-22T12:00:10+00:00"}', 1795348810000000, '{"revokedAt":null}', 'person - me', NULL, NULL, 'lost', NULL, 'ml3w5nl4', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (18, 'session.create', '{"name":"alex","role":"viewer","keyId":null}', 1795348810000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'izgtdcad', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (19, 'lane.pause', '{"pausedSince":"2026-11-22T12:00:10+00:00","pausedBy":"me (person)","reason":"moving"}', 1795348810000000, '{"pausedSince":null,"pausedBy":null,"reason":null}', 'person - me', NULL, NULL, 'moving', NULL, 'reports', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (2, 'run.cancel', '{"state":"canceled"}', 1795348800000000, '{"state":"pending"}', 'person - me', NULL, NULL, 'because', NULL, '01a20320-a200-7182-a4c9-1de0a81865a4', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (20, 'worker.drain', '{"drainSince":"2026-11-22T12:00:10+00:00","drainBy":"me (person)","reason":"moving"}', 1795348810000000, '{"drainSince":null,"drainBy":null,"reason":null}', 'person - me', NULL, NULL, 'moving', NULL, '01a20320-c910-7d24-acb5-32cb6237ff09', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (3, 'run.cancel', '{"cancelRequested":true}', 1795348800000000, '{"cancelRequested":false}', 'person - me', NULL, NULL, 'because', NULL, '01a20320-a200-75ff-97f4-68fe03c174da', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (4, 'schedule.put', '{"job":"note","argsHash":"44136fa3","secretArgs":null,"lane":null,"maxAttempts":null,"tags":null,"cron":null,"every":"10s","anchor":null,"at":null,"zone":null,"startsAt":null,"endsAt":null,"exclude":null,"jitter":null,"maxOccurrences":1000,"misfire":"runLatest","misfireDeadline":"1h","overlap":"skip","labels":{"team":"billing"},"status":"running","statusSince":null,"resumeAt":null,"source":"api"}', 1795348800000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'every', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (5, 'schedule.put', '{"job":"note","argsHash":"44136fa3","secretArgs":null,"lane":null,"maxAttempts":null,"tags":null,"cron":"0 6 * * *","every":null,"anchor":null,"at":null,"zone":"Europe/Berlin","startsAt":null,"endsAt":null,"exclude":"2026-12-24..2027-01-02","jitter":null,"maxOccurrences":null,"misfire":"runLatest","misfireDeadline":null,"overlap":"allow","labels":null,"status":"running","statusSince":null,"resumeAt":null,"source":"api"}', 1795348800000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'daily', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (6, 'schedule.put', '{"job":"note","argsHash":"44136fa3","secretArgs":null,"lane":null,"maxAttempts":null,"tags":null,"cron":"*/5 * * * *","every":null,"anchor":null,"at":null,"zone":null,"startsAt":null,"endsAt":null,"exclude":null,"jitter":"30s","maxOccurrences":null,"misfire":"runLatest","misfireDeadline":null,"overlap":"allow","labels":null,"status":"running","statusSince":null,"resumeAt":null,"source":"api"}', 1795348800000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'jittered', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (7, 'schedule.put', '{"job":"note","argsHash":"44136fa3","secretArgs":null,"lane":null,"maxAttempts":null,"tags":null,"cron":null,"every":null,"anchor":null,"at":"2026-11-22T14:00:00+00:00","zone":null,"startsAt":null,"endsAt":null,"exclude":null,"jitter":null,"maxOccurrences":null,"misfire":"runLatest","misfireDeadline":null,"overlap":"allow","labels":null,"status":"running","statusSince":null,"resumeAt":null,"source":"api"}', 1795348800000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'once', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (8, 'schedule.put', '{"job":"note","argsHash":"44136fa3","secretArgs":null,"lane":null,"maxAttempts":null,"tags":null,"cron":null,"every":"10s","anchor":null,"at":null,"zone":null,"startsAt":null,"endsAt":null,"exclude":null,"jitter":null,"maxOccurrences":null,"misfire":"runLatest","misfireDeadline":null,"overlap":"allow","labels":null,"status":"running","statusSince":null,"resumeAt":null,"source":"api"}', 1795348800000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'paused', 'process');
INSERT INTO fleet_audit ("id", "action", "after", "at", "before", "by", "key_id", "on_behalf_of", "reason", "subject", "target", "way") VALUES (9, 'schedule.put', '{"job":"note","argsHash":"44136fa3","secretArgs":null,"lane":null,"maxAttempts":null,"tags":null,"cron":null,"every":"10s","anchor":null,"at":null,"zone":null,"startsAt":null,"endsAt":null,"exclude":null,"jitter":null,"maxOccurrences":null,"misfire":"runLatest","misfireDeadline":null,"overlap":"allow","labels":null,"status":"running","statusSince":null,"resumeAt":null,"source":"api"}', 1795348800000000, NULL, 'person - me', NULL, NULL, NULL, NULL, 'stopped', 'process');
INSERT INTO fleet_dead_letters ("run_id", "failed_at", "fingerprint", "job", "lane", "version") VALUES (X'01A20320A2007BA68D456CE004C10C9A', 1795348800000000, 'v1:4638c67f28d18a86', 'note', 'default', '0.1.0');
INSERT INTO fleet_diag_ledger ("key", "run_id") VALUES ('a', '01a20320-a200-7390-8c7c-6db4f47aaf80');
INSERT INTO fleet_inbox ("consumer", "message_id", "received_at") VALUES ('billing', X'0192F0C4000070008000000000000001', 1795348810000000);
INSERT INTO fleet_jobs ("name", "version", "aliases", "description", "example", "first_seen_at", "lane", "max_attempts", "published_by", "schema", "seen_at", "timeout_ms") VALUES ('note', 'a1bbfea39ff923d5', '[]', NULL, '{"text":""}', 1795348800000000, 'default', NULL, 'person - me', '{"type":"object","properties":{"text":{"type":"string","default":""}},"additionalProperties":false}', 1795348800000000, NULL);
INSERT INTO fleet_lanes ("name", "first_seen_at", "pause_reason", "paused_by", "paused_since", "paused_until") VALUES ('default', 1795348800000000, NULL, NULL, NULL, NULL);
INSERT INTO fleet_lanes ("name", "first_seen_at", "pause_reason", "paused_by", "paused_since", "paused_until") VALUES ('reports', 1795348800000000, 'moving', 'person - me', 1795348810000000, NULL);
INSERT INTO fleet_leases ("name", "expires_at", "owner", "term") VALUES ('fleet', 0, 'b023208b1d3647e6a19356eec55145d0', 0);
INSERT INTO fleet_leases ("name", "expires_at", "owner", "term") VALUES ('leader', 1795352400000000, 'leader', 1);
INSERT INTO fleet_misfires ("id", "at", "count", "first", "last", "schedule_id") VALUES (1, 1795348800000000, 7, 1795348680000000, 1795348740000000, 'every');
INSERT INTO fleet_mutes ("fingerprint", "at", "by", "reason", "until", "versions") VALUES ('v1:4638c67f28d18a86', 1795348800000000, 'person - me', 'known', 1795435200000000, '["1.0.0"]');
INSERT INTO fleet_operations ("id", "as_of", "canceled_by", "created_at", "created_by", "cursor", "done", "error", "failed", "finished_at", "kind", "lanes", "matched", "matched_more", "newest", "query", "rate", "reason", "skipped_changed", "skipped_gone", "state") VALUES ('0192f0c4-0000-7000-8000-000000000002', 1795348810000000, 'person - me', 1795348810000000, 'person - me', X'0192F0C4000070008000000000000001', 1, NULL, 0, 1795348810000000, 1, '["mail"]', 3, 0, X'0192F0C4000070008000000000000001', 'state:failed job:note', 500, 'it''s fixed', 0, 0, 2);
INSERT INTO fleet_outbox ("id", "body", "consumed_id", "created_at", "destination", "envelope", "failures", "last_error", "message_id", "name", "next_try_at", "run_id", "trace_parent") VALUES (1, '{"id":1}', NULL, 1795348800000000, NULL, NULL, 0, NULL, X'01A20320A2007389BA6AF73F07F7AB27', 'order.paid', 1795348800000000, X'01A20320A20073908C7C6DB4F47AAF80', NULL);
INSERT INTO fleet_outbox ("id", "body", "consumed_id", "created_at", "destination", "envelope", "failures", "last_error", "message_id", "name", "next_try_at", "run_id", "trace_parent") VALUES (2, '{"id":1}', NULL, 1795348810000000, NULL, NULL, 1, 'refused', X'01A20320C9107D96A3CEC83760C03B95', 'order.refused', 1795348811000000, NULL, NULL);
INSERT INTO fleet_protection_keys ("number", "created_at", "xml") VALUES (1, 1795348810000000, '<key />');
INSERT INTO fleet_replays ("id", "at", "by", "from_args", "from_attempt", "from_canceled_by", "from_error", "from_finished_at", "from_state", "number", "run_id") VALUES (1, 1795348800000000, 'person - me', NULL, 1, NULL, 'boom', 1795348800000000, 3, 1, X'01A20320A20074DAA4628356F36D7737');
INSERT INTO fleet_rollups ("id", "at", "count", "durations", "job", "lane", "outcome", "slots", "step", "waited", "waits", "worked") VALUES (1, 1795348800000000, 1, X'', 'note', 'default', 4, 0, 0, 0, X'', 0);
INSERT INTO fleet_rollups ("id", "at", "count", "durations", "job", "lane", "outcome", "slots", "step", "waited", "waits", "worked") VALUES (2, 1795348800000000, 1, X'', 'note', 'default', 7, 0, 0, 0, X'', 0);
INSERT INTO fleet_rollups ("id", "at", "count", "durations", "job", "lane", "outcome", "slots", "step", "waited", "waits", "worked") VALUES (3, 1795348800000000, 3, X'', 'note', 'default', 6, 0, 0, 0, X'', 0);
INSERT INTO fleet_rollups ("id", "at", "count", "durations", "job", "lane", "outcome", "slots", "step", "waited", "waits", "worked") VALUES (4, 1795348800000000, 1, X'', 'note', 'default', 6, 0, 0, 0, X'', 0);
INSERT INTO fleet_rollups ("id", "at", "count", "durations", "job", "lane", "outcome", "slots", "step", "waited", "waits", "worked") VALUES (5, 1795348800000000, 1, X'011901', 'note', 'default', 1, 0, 0, 1000, X'011101', 2000);
INSERT INTO fleet_run_logs ("id", "at", "attempt", "level", "message", "run_id") VALUES (1, 1795348800000000, 1, 1, 'two
lines', X'01A20320A20073908C7C6DB4F47AAF80');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007182A4C91DE0A81865A4', '{"text":"a"}', 0, 0, 1, NULL, 'person - me', 0, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, 'because', NULL, NULL, 1795348800000000, NULL, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, NULL, 4, '["canceled"]', NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20071FFAF2AFD59BC0CCA16', '{"text":"a"}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, NULL, NULL, NULL, NULL, NULL, 'order-1', 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, X'2487C2A82F54609FCD48FD1DFE65BC1C', 0, NULL, 1, NULL, 0, '["keyed"]', NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20072769B10C30AA37D6D60', '{"text":"a"}', 1, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348860000000, NULL, 'boom', 'T', NULL, NULL, NULL, NULL, 'note', 'default', 6048132541321357407, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, 1795348800000000, 0, '["retrying"]', NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20072A6BD812EA32218A9A5', '{}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'note', 'default', 0, NULL, NULL, 0, X'01A20320A20073908C7C6DB4F47AAF80', NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0, '["followUp"]', NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007356BBEA163A3BCEA7EC', '{}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348819825000, NULL, NULL, NULL, NULL, NULL, 1795348819825000, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, 'jittered', 0, NULL, 0, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20073908C7C6DB4F47AAF80', '{"text":"a"}', 1, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, NULL, NULL, NULL, 1795348800000000, NULL, NULL, 'note', 'default', 7848868451293517421, NULL, '{"text":"it''s done"}', 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, 1795348800000000, 2, '["succeeded"]', NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A200741DAC0E8992599C360F', '{}', 0, 0, 4, NULL, 'person - me', 0, 1795348800000000, NULL, NULL, NULL, 1795348820000000, NULL, 'Revoked: the schedule was stopped.', NULL, NULL, 1795348800000000, 1795348820000000, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 1, 'stopped', 0, NULL, 4, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20074DAA4628356F36D7737', '{"text":"a"}', 1, 1, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, 'boom', 'T', NULL, NULL, NULL, NULL, 'note', 'default', 3472961220241304701, NULL, NULL, 0, NULL, NULL, NULL, 1, NULL, 0, NULL, 1, 1795348800000000, 0, '["replayed"]', NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20075FF97F468FE03C174DA', '{"text":"a"}', 1, 0, 1, 1795348800000000, 'person - me', 0, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, 'because', NULL, NULL, NULL, NULL, NULL, 'note', 'default', 1738580850759337113, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, 1795348800000000, 1, '["stopping"]', NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20076A79B37C369F9CB4270', '{"text":"a"}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795352400000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'note', 'reports', 0, 2, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0, '["delayed"]', NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007818A22927C738C4B0FB', '{}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348820000000, NULL, NULL, NULL, NULL, NULL, 1795348820000000, NULL, 'note', 'default', 0, NULL, NULL, 1, NULL, NULL, NULL, 0, NULL, 0, 'every', 0, NULL, 0, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007897B780BCC1AA3975DE', '{"text":"a"}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, NULL, 0, '["waiting"]', NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20078B9AFC43EDA5FE7FBCE', '{}', 0, 0, 4, NULL, 'person - me', 0, 1795348800000000, NULL, NULL, NULL, 1795348830000000, NULL, 'Revoked: the schedule was paused.', NULL, NULL, 1795348800000000, 1795348830000000, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 1, 'paused', 0, NULL, 4, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007932A34F2CC9E8F40C84', '{"text":"a"}', 1, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'note', 'default', 3838741642955939523, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, 1795348800000000, 1, '["running"]', NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A20079C7AFB67098A83FE136', '{}', 1, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348810000000, NULL, NULL, NULL, NULL, 1795348810000000, 1795348810000000, NULL, 'note', 'default', 4337160586455330991, NULL, NULL, 1, NULL, NULL, NULL, 0, NULL, 0, 'every', 1, 1795348810000000, 2, NULL, NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007AF6935C4693DF858EC7', '{}', 0, 0, 4, NULL, 'person - me', 0, 1795348800000000, NULL, NULL, NULL, 1795348820000000, NULL, 'Revoked: the schedule was paused.', NULL, NULL, 1795348800000000, 1795348820000000, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 1, 'paused', 0, NULL, 4, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007BA68D456CE004C10C9A', '{"text":"a"}', 1, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, 'boom', 'T', 'v1:4638c67f28d18a86', 1795348800000000, NULL, NULL, 'note', 'default', 8649700284062429944, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 1, 1795348800000000, 3, '["failed"]', NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007D3E84DA6978DCF5BF01', '{"text":"a"}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795349100000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'note', 'default', 5708396603541547534, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, 1795348800000000, 0, '["snoozed"]', NULL, X'01A20320A20070CF93AF23D585D174DA');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007DC4A568FB6C48985434', '{}', 0, 0, 4, NULL, 'person - me', 0, 1795348800000000, NULL, NULL, NULL, 1795348810000000, NULL, 'Revoked: the schedule was paused.', NULL, NULL, 1795348800000000, 1795348810000000, NULL, 'note', 'default', 0, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 1, 'paused', 0, NULL, 4, NULL, NULL, NULL);
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007E4EA597728E5BE1A44C', '{"text":"a"}', 1, 1, NULL, NULL, NULL, 1, 1795348800000000, NULL, NULL, NULL, 1795348800000000, NULL, 'Its worker died while running it.', 'WorkerCrashed', NULL, NULL, NULL, NULL, 'note', 'default', 1883493530894435912, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 0, 1795348800000000, 0, '["crashed"]', NULL, X'01A20320A20070DDA5FD0C5306F11DFD');
INSERT INTO fleet_runs ("id", "args", "attempt", "attempt_offset", "cancel_cause", "cancel_requested_at", "canceled_by", "crashes", "created_at", "discard_reason", "discarded_at", "discarded_by", "due_at", "enqueued_by", "error", "error_type", "fingerprint", "finished_at", "fire_time", "idempotency_key", "job", "lane", "lease_token", "max_attempts", "output", "overlap", "parent_id", "progress", "progress_message", "replays", "request_hash", "revoked", "schedule_id", "staged", "started_at", "state", "tags", "trace_parent", "worker_id") VALUES (X'01A20320A2007EAC990A37167C8EEC27', '{}', 0, 0, NULL, NULL, NULL, 0, 1795348800000000, NULL, NULL, NULL, 1795348830000000, NULL, NULL, NULL, NULL, NULL, 1795348830000000, NULL, 'note', 'default', 0, NULL, NULL, 1, NULL, NULL, NULL, 0, NULL, 0, 'every', 0, NULL, 0, NULL, NULL, NULL);
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('daily', NULL, '{}', NULL, 1795348800000000, '0 6 * * *', NULL, NULL, '2026-12-24..2027-01-02', NULL, 'note', NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, 1795410000000000, 0, 0, 1795348800000000, 'person - me', NULL, NULL, 'api', NULL, 1, NULL, NULL, NULL, NULL, 1795348800000000, 1, 'Europe/Berlin');
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('every', NULL, '{}', NULL, 1795348800000000, NULL, NULL, '10s', NULL, NULL, 'note', '{"team":"billing"}', NULL, 1795348830000000, NULL, 1000, 0, '1h', 0, 1795348840000000, 1, 3, 1795348830000000, 'person - me', NULL, NULL, 'api', NULL, 1, NULL, NULL, NULL, NULL, 1795348800000000, 2, NULL);
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('jittered', NULL, '{}', NULL, 1795348800000000, '*/5 * * * *', NULL, NULL, NULL, '30s', 'note', NULL, NULL, 1795348819825000, NULL, NULL, 0, NULL, 0, 1795349119825000, 0, 1, 1795348830000000, 'person - me', NULL, NULL, 'api', NULL, 1, NULL, NULL, NULL, NULL, 1795348800000000, 2, NULL);
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('once', NULL, '{}', 1795356000000000, 1795348800000000, NULL, NULL, NULL, NULL, NULL, 'note', NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, 1795356000000000, 0, 0, 1795348800000000, 'person - me', NULL, NULL, 'api', NULL, 1, NULL, NULL, NULL, NULL, 1795348800000000, 1, NULL);
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('paused', NULL, '{}', NULL, 1795348800000000, NULL, NULL, '10s', NULL, NULL, 'note', NULL, NULL, 1795348830000000, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 1795348830000000, 'person - me', NULL, NULL, 'api', NULL, 2, 'person - me', 'holiday', 1795348800000000, NULL, 1795348800000000, 3, NULL);
INSERT INTO fleet_schedules ("id", "anchor", "args", "at", "created_at", "cron", "ends_at", "every", "exclude", "jitter", "job", "labels", "lane", "last_fire_time", "max_attempts", "max_occurrences", "misfire", "misfire_deadline", "missed", "next_plan_at", "overlap", "planned", "planned_until", "put_by", "replaced", "resume_at", "source", "starts_at", "status", "status_by", "status_reason", "status_since", "tags", "updated_at", "version", "zone") VALUES ('stopped', NULL, '{}', NULL, 1795348800000000, NULL, NULL, '20s', NULL, NULL, 'note', NULL, NULL, 1795348820000000, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 1795348830000000, 'person - me', '9c6f15c63d0ee865d39a71145c9ff593', NULL, 'api', NULL, 0, 'person - me', NULL, 1795348800000000, NULL, 1795348800000000, 4, NULL);
INSERT INTO fleet_sessions ("id", "address", "agent", "created_at", "expires_at", "hash", "key_id", "lanes", "last_seen_at", "name", "role", "subject") VALUES ('izgtdcad', NULL, 'a browser', 1795348810000000, 1795953610000000, X'2FF41C10ACA2839F7AACCCFF499460BE6409BB31D4B753D9B3DDC9BBCE96E215', NULL, NULL, 1795348810000000, 'alex', 'viewer', '4f7a');
INSERT INTO fleet_sessions ("id", "address", "agent", "created_at", "expires_at", "hash", "key_id", "lanes", "last_seen_at", "name", "role", "subject") VALUES ('sxghiggj', NULL, 'a browser', 1795348810000000, 1795953610000000, X'C4A60B093D38BF39E522F7730A18E0694726ED9EEBD6886A7CC22DA5D1A05B82', 'ml3w5nl4', NULL, 1795348810000000, 'ops', 'admin', NULL);
INSERT INTO fleet_views ("name", "changed_at", "changed_by", "columns", "created_at", "owner", "query", "shared", "sort", "version") VALUES ('dead', 1795348810000000, 'person - me', '["id","job"]', 1795348810000000, 'person - me', 'state:failed', 1, '-finishedAt', 1);
INSERT INTO fleet_worker_samples ("worker_id", "lane", "at", "bars", "bars_left_out", "busy", "canceled", "failed", "length", "released", "retried", "slots", "succeeded") VALUES (X'01A20320A20070CF93AF23D585D174DA', 'default', 1795348800000000, X'', 0, 2000, 0, 0, 10000000, 0, 0, 80000000, 1);
INSERT INTO fleet_workers ("id", "claimed_through", "drain_by", "drain_reason", "drain_since", "heartbeat_at", "jobs", "lane_loads", "lanes", "lease_until", "machine", "name", "process_id", "process_space", "process_start", "program", "started_at", "state", "version") VALUES (X'01A20320A20070CF93AF23D585D174DA', '{"default":1795348800000}', NULL, NULL, NULL, 1795348809000000, '{"note":"a1bbfea39ff923d5"}', '{"default":{"slots":4,"busy":1,"quiet":false}}', '{"default":8}', 1795348809000000, 'vm', 'w', 1, 'elsewhere', 1, 'Fleet.Tests', 1795348800000000, 0, '0.1.0');
INSERT INTO fleet_workers ("id", "claimed_through", "drain_by", "drain_reason", "drain_since", "heartbeat_at", "jobs", "lane_loads", "lanes", "lease_until", "machine", "name", "process_id", "process_space", "process_start", "program", "started_at", "state", "version") VALUES (X'01A20320A20070DDA5FD0C5306F11DFD', '{}', NULL, NULL, NULL, 1795348799000000, '{"note":"a1bbfea39ff923d5"}', '{}', '{"default":8}', 1795348799000000, 'vm', 'w', 1, 'elsewhere', 1, 'Fleet.Tests', 1795348800000000, 2, '0.1.0');
INSERT INTO fleet_workers ("id", "claimed_through", "drain_by", "drain_reason", "drain_since", "heartbeat_at", "jobs", "lane_loads", "lanes", "lease_until", "machine", "name", "process_id", "process_space", "process_start", "program", "started_at", "state", "version") VALUES (X'01A20320C91074F2BFDB75B641222423', '{}', NULL, NULL, NULL, 1795348810000000, '{"note":"a1bbfea39ff923d5"}', '{}', '{}', 1795352410000000, 'vm', 'w', 1, 'elsewhere', 1, 'Fleet.Tests', 1795348810000000, 1, '0.1.0');
INSERT INTO fleet_workers ("id", "claimed_through", "drain_by", "drain_reason", "drain_since", "heartbeat_at", "jobs", "lane_loads", "lanes", "lease_until", "machine", "name", "process_id", "process_space", "process_start", "program", "started_at", "state", "version") VALUES (X'01A20320C9107D24ACB532CB6237FF09', '{}', 'person - me', 'moving', 1795348810000000, 1795348810000000, '{"note":"a1bbfea39ff923d5"}', '{}', '{"default":8}', 1795352410000000, 'vm', 'w', 1, 'elsewhere', 1, 'Fleet.Tests', 1795348810000000, 0, '0.1.0');
