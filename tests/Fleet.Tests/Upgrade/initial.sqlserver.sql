IF OBJECT_ID(N'[fleet].[migrations]') IS NULL
BEGIN
    IF SCHEMA_ID(N'fleet') IS NULL EXEC(N'CREATE SCHEMA [fleet];');
    CREATE TABLE [fleet].[migrations] (
        [MigrationId] nvarchar(150) NOT NULL,
        [ProductVersion] nvarchar(32) NOT NULL,
        CONSTRAINT [PK_migrations] PRIMARY KEY ([MigrationId])
    );
END;
GO

SET QUOTED_IDENTIFIER, ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL ON;
GO

IF (SELECT is_read_committed_snapshot_on FROM sys.databases WHERE database_id = DB_ID()) = 0
BEGIN
    IF EXISTS (SELECT 1 FROM sys.tables WHERE is_ms_shipped = 0 AND NOT (name = N'migrations' AND SCHEMA_NAME(schema_id) = N'fleet'))
        THROW 50000, N'Fleet needs READ_COMMITTED_SNAPSHOT, and this database has other tables, which will then be read so too. Turn it on while nobody else is connected: ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON', 1;
    ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH NO_WAIT;
END
GO

BEGIN TRANSACTION;
IF SCHEMA_ID(N'fleet') IS NULL EXEC(N'CREATE SCHEMA [fleet];');

CREATE TABLE [fleet].[api_keys] (
    [id] nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [name] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [hash] varbinary(32) NOT NULL,
    [role] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [lanes] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [created_at] datetime2(7) NOT NULL,
    [created_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [expires_at] datetime2(7) NOT NULL,
    [last_used_at] datetime2(7) NULL,
    [revoked_at] datetime2(7) NULL,
    [revoked_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [rotated_from] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    CONSTRAINT [PK_api_keys] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[attempts] (
    [id] bigint NOT NULL IDENTITY,
    [run_id] binary(16) NOT NULL,
    [number] int NOT NULL,
    [times] int NOT NULL DEFAULT 1,
    [worker_id] binary(16) NULL,
    [started_at] datetime2(7) NULL,
    [ended_at] datetime2(7) NOT NULL,
    [outcome] int NOT NULL,
    [error_type] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [error] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [stack] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [verdict] int NULL,
    [max_attempts] int NULL,
    [max_attempts_from] int NULL,
    CONSTRAINT [PK_attempts] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[audit] (
    [id] bigint NOT NULL IDENTITY,
    [at] datetime2(7) NOT NULL,
    [by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [on_behalf_of] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [way] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [key_id] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [subject] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [action] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [target] nvarchar(450) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [before] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [after] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [reason] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    CONSTRAINT [PK_audit] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[dead_letters] (
    [run_id] binary(16) NOT NULL,
    [fingerprint] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [job] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [lane] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [failed_at] datetime2(7) NOT NULL,
    [version] nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
    CONSTRAINT [PK_dead_letters] PRIMARY KEY ([run_id])
);

CREATE TABLE [fleet].[diag_ledger] (
    [run_id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [key] nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL
);

CREATE TABLE [fleet].[inbox] (
    [consumer] nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [message_id] binary(16) NOT NULL,
    [received_at] datetime2(7) NOT NULL,
    CONSTRAINT [PK_inbox] PRIMARY KEY ([consumer], [message_id])
);

CREATE TABLE [fleet].[jobs] (
    [name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [version] nvarchar(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [lane] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [max_attempts] int NULL,
    [timeout_ms] bigint NULL,
    [description] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [aliases] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [schema] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [example] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [first_seen_at] datetime2(7) NOT NULL,
    [published_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [seen_at] datetime2(7) NOT NULL,
    CONSTRAINT [PK_jobs] PRIMARY KEY ([name], [version])
);

CREATE TABLE [fleet].[lanes] (
    [name] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [first_seen_at] datetime2(7) NOT NULL,
    [paused_since] datetime2(7) NULL,
    [paused_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [pause_reason] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [paused_until] datetime2(7) NULL,
    CONSTRAINT [PK_lanes] PRIMARY KEY ([name])
);

CREATE TABLE [fleet].[leases] (
    [name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [owner] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [term] bigint NOT NULL,
    [expires_at] datetime2(7) NOT NULL,
    CONSTRAINT [PK_leases] PRIMARY KEY ([name])
);

CREATE TABLE [fleet].[misfires] (
    [id] bigint NOT NULL IDENTITY,
    [schedule_id] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [first] datetime2(7) NOT NULL,
    [last] datetime2(7) NOT NULL,
    [count] int NOT NULL,
    [at] datetime2(7) NOT NULL,
    CONSTRAINT [PK_misfires] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[mutes] (
    [fingerprint] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [at] datetime2(7) NOT NULL,
    [by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [until] datetime2(7) NULL,
    [versions] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [reason] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    CONSTRAINT [PK_mutes] PRIMARY KEY ([fingerprint])
);

CREATE TABLE [fleet].[operations] (
    [id] nvarchar(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [kind] int NOT NULL,
    [state] int NOT NULL,
    [query] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [lanes] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [as_of] datetime2(7) NOT NULL,
    [newest] binary(16) NULL,
    [matched] bigint NOT NULL,
    [matched_more] bit NOT NULL,
    [rate] int NOT NULL,
    [reason] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [cursor] binary(16) NULL,
    [done] bigint NOT NULL,
    [skipped_changed] bigint NOT NULL,
    [skipped_gone] bigint NOT NULL,
    [failed] bigint NOT NULL,
    [error] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [created_at] datetime2(7) NOT NULL,
    [created_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [finished_at] datetime2(7) NULL,
    [canceled_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    CONSTRAINT [PK_operations] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[outbox] (
    [id] bigint NOT NULL IDENTITY,
    [message_id] binary(16) NOT NULL,
    [name] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [body] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [run_id] binary(16) NULL,
    [consumed_id] binary(16) NULL,
    [destination] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [envelope] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [trace_parent] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [created_at] datetime2(7) NOT NULL,
    [failures] int NOT NULL,
    [next_try_at] datetime2(7) NOT NULL,
    [last_error] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    CONSTRAINT [PK_outbox] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[protection_keys] (
    [number] int NOT NULL,
    [xml] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [created_at] datetime2(7) NOT NULL,
    CONSTRAINT [PK_protection_keys] PRIMARY KEY ([number])
);

CREATE TABLE [fleet].[replays] (
    [id] bigint NOT NULL IDENTITY,
    [run_id] binary(16) NOT NULL,
    [number] int NOT NULL,
    [at] datetime2(7) NOT NULL,
    [by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [from_state] int NOT NULL,
    [from_attempt] int NOT NULL,
    [from_error] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [from_canceled_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [from_args] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [from_finished_at] datetime2(7) NULL,
    CONSTRAINT [PK_replays] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[rollups] (
    [id] bigint NOT NULL IDENTITY,
    [at] datetime2(7) NOT NULL,
    [step] int NOT NULL,
    [job] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [lane] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [outcome] int NOT NULL,
    [count] bigint NOT NULL,
    [waited] bigint NOT NULL,
    [worked] bigint NOT NULL,
    [slots] bigint NOT NULL,
    [waits] varbinary(max) NOT NULL,
    [durations] varbinary(max) NOT NULL,
    CONSTRAINT [PK_rollups] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[run_logs] (
    [id] bigint NOT NULL IDENTITY,
    [run_id] binary(16) NOT NULL,
    [attempt] int NOT NULL,
    [at] datetime2(7) NOT NULL,
    [level] int NOT NULL,
    [message] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    CONSTRAINT [PK_run_logs] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[runs] (
    [id] binary(16) NOT NULL,
    [job] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [lane] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [state] int NOT NULL,
    [due_at] datetime2(7) NOT NULL,
    [staged] bit NOT NULL,
    [attempt] int NOT NULL,
    [attempt_offset] int NOT NULL,
    [max_attempts] int NULL,
    [crashes] int NOT NULL,
    [replays] int NOT NULL,
    [worker_id] binary(16) NULL,
    [lease_token] bigint NOT NULL,
    [created_at] datetime2(7) NOT NULL,
    [started_at] datetime2(7) NULL,
    [finished_at] datetime2(7) NULL,
    [cancel_requested_at] datetime2(7) NULL,
    [cancel_cause] int NULL,
    [canceled_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [enqueued_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [idempotency_key] varbinary(200) NULL,
    [request_hash] varbinary(32) NULL,
    [schedule_id] nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
    [fire_time] datetime2(7) NULL,
    [overlap] int NOT NULL,
    [revoked] bit NOT NULL,
    [parent_id] binary(16) NULL,
    [args] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [output] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [error_type] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [error] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [fingerprint] nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
    [discarded_at] datetime2(7) NULL,
    [discarded_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [discard_reason] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [progress] float NULL,
    [progress_message] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [tags] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [trace_parent] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    CONSTRAINT [PK_runs] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[schedules] (
    [id] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [job] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [args] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [lane] nvarchar(64) COLLATE Latin1_General_100_BIN2 NULL,
    [max_attempts] int NULL,
    [tags] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [cron] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [every] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [anchor] datetime2(7) NULL,
    [at] datetime2(7) NULL,
    [zone] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [starts_at] datetime2(7) NULL,
    [ends_at] datetime2(7) NULL,
    [exclude] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [jitter] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [max_occurrences] int NULL,
    [misfire] int NOT NULL,
    [misfire_deadline] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [overlap] int NOT NULL,
    [labels] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [status] int NOT NULL,
    [status_reason] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [status_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [status_since] datetime2(7) NULL,
    [resume_at] datetime2(7) NULL,
    [source] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [put_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [replaced] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [planned_until] datetime2(7) NOT NULL,
    [next_plan_at] datetime2(7) NULL,
    [last_fire_time] datetime2(7) NULL,
    [planned] bigint NOT NULL,
    [missed] bigint NOT NULL,
    [created_at] datetime2(7) NOT NULL,
    [updated_at] datetime2(7) NOT NULL,
    [version] bigint NOT NULL,
    CONSTRAINT [PK_schedules] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[sessions] (
    [id] nvarchar(8) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [hash] varbinary(32) NOT NULL,
    [name] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [role] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [lanes] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [key_id] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [subject] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [address] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [agent] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [created_at] datetime2(7) NOT NULL,
    [last_seen_at] datetime2(7) NOT NULL,
    [expires_at] datetime2(7) NOT NULL,
    CONSTRAINT [PK_sessions] PRIMARY KEY ([id])
);

CREATE TABLE [fleet].[views] (
    [name] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [query] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [columns] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [sort] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [shared] bit NOT NULL,
    [owner] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [created_at] datetime2(7) NOT NULL,
    [changed_at] datetime2(7) NOT NULL,
    [changed_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [version] bigint NOT NULL,
    CONSTRAINT [PK_views] PRIMARY KEY ([name])
);

CREATE TABLE [fleet].[worker_samples] (
    [worker_id] binary(16) NOT NULL,
    [lane] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [at] datetime2(7) NOT NULL,
    [length] bigint NOT NULL,
    [busy] bigint NOT NULL,
    [slots] bigint NOT NULL,
    [succeeded] bigint NOT NULL,
    [retried] bigint NOT NULL,
    [failed] bigint NOT NULL,
    [canceled] bigint NOT NULL,
    [released] bigint NOT NULL,
    [bars] varbinary(max) NOT NULL,
    [bars_left_out] int NOT NULL,
    CONSTRAINT [PK_worker_samples] PRIMARY KEY ([worker_id], [lane], [at])
);

CREATE TABLE [fleet].[workers] (
    [id] binary(16) NOT NULL,
    [name] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [process_space] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [process_id] int NOT NULL,
    [process_start] bigint NOT NULL,
    [lanes] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [jobs] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT N'{}',
    [state] int NOT NULL,
    [started_at] datetime2(7) NOT NULL,
    [heartbeat_at] datetime2(7) NOT NULL,
    [lease_until] datetime2(7) NOT NULL,
    [claimed_through] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [lane_loads] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT N'{}',
    [machine] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT N'',
    [program] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT N'',
    [version] nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT N'',
    [drain_since] datetime2(7) NULL,
    [drain_by] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    [drain_reason] nvarchar(max) COLLATE Latin1_General_100_BIN2 NULL,
    CONSTRAINT [PK_workers] PRIMARY KEY ([id])
);

CREATE INDEX [ix_attempts_run] ON [fleet].[attempts] ([run_id]);

CREATE INDEX [ix_audit_at] ON [fleet].[audit] ([at]);

CREATE INDEX [ix_audit_target] ON [fleet].[audit] ([target], [id]);

CREATE INDEX [ix_dead_letters_failed] ON [fleet].[dead_letters] ([failed_at]);

CREATE INDEX [ix_dead_letters_group] ON [fleet].[dead_letters] ([fingerprint], [failed_at]);

CREATE INDEX [ix_dead_letters_lane] ON [fleet].[dead_letters] ([lane], [failed_at]);

CREATE INDEX [ix_dead_letters_version] ON [fleet].[dead_letters] ([fingerprint], [version]);

CREATE INDEX [ix_inbox_received] ON [fleet].[inbox] ([received_at]);

CREATE INDEX [ix_misfires_schedule] ON [fleet].[misfires] ([schedule_id], [last]);

CREATE INDEX [ix_operations_finished] ON [fleet].[operations] ([finished_at]);

CREATE INDEX [ix_operations_running] ON [fleet].[operations] ([state]) WHERE state = 0;

CREATE INDEX [ix_outbox_next_try] ON [fleet].[outbox] ([next_try_at]);

CREATE INDEX [ix_replays_run] ON [fleet].[replays] ([run_id]);

CREATE INDEX [ix_rollups_at] ON [fleet].[rollups] ([step], [at]);

CREATE INDEX [ix_run_logs_run] ON [fleet].[run_logs] ([run_id]);

CREATE INDEX [ix_runs_dead] ON [fleet].[runs] ([finished_at]) WHERE state = 3;

CREATE INDEX [ix_runs_fingerprint] ON [fleet].[runs] ([fingerprint], [id]) WHERE fingerprint IS NOT NULL;

CREATE INDEX [ix_runs_finished] ON [fleet].[runs] ([finished_at]) WHERE finished_at IS NOT NULL;

CREATE INDEX [ix_runs_pending] ON [fleet].[runs] ([lane], [due_at]) WHERE state = 0;

CREATE INDEX [ix_runs_revoked] ON [fleet].[runs] ([schedule_id], [fire_time]) WHERE revoked = 1;

CREATE INDEX [ix_runs_running] ON [fleet].[runs] ([worker_id]) WHERE state = 1;

CREATE INDEX [ix_runs_schedule] ON [fleet].[runs] ([schedule_id], [id]) WHERE schedule_id IS NOT NULL;

CREATE INDEX [ix_runs_turns] ON [fleet].[runs] ([schedule_id]) WHERE schedule_id IS NOT NULL AND state < 2;

CREATE INDEX [ix_runs_unstaged] ON [fleet].[runs] ([due_at]) WHERE state = 0 AND staged = 0;

CREATE UNIQUE INDEX [ux_runs_idempotency_key] ON [fleet].[runs] ([idempotency_key]) WHERE idempotency_key IS NOT NULL;

CREATE UNIQUE INDEX [ux_runs_occurrence] ON [fleet].[runs] ([schedule_id], [fire_time]) WHERE fire_time IS NOT NULL AND revoked = 0;

CREATE INDEX [ix_schedules_next] ON [fleet].[schedules] ([next_plan_at]) WHERE next_plan_at IS NOT NULL;

CREATE INDEX [ix_sessions_expiry] ON [fleet].[sessions] ([expires_at]);

CREATE INDEX [ix_worker_samples_at] ON [fleet].[worker_samples] ([at]);

CREATE INDEX [ix_workers_alive] ON [fleet].[workers] ([lease_until]) WHERE state <> 2;

COMMIT;
GO

INSERT INTO [fleet].[migrations] ([MigrationId], [ProductVersion])
VALUES (N'20261130000000_Initial', N'10.0.0');
GO

