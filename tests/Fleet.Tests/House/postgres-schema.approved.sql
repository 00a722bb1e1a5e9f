-- api_keys
id character varying(8) NOT NULL
name text NOT NULL
hash bytea NOT NULL
role text NOT NULL
lanes text
created_at timestamp with time zone NOT NULL
created_by text
expires_at timestamp with time zone NOT NULL
last_used_at timestamp with time zone
revoked_at timestamp with time zone
revoked_by text
rotated_from text
CREATE UNIQUE INDEX "PK_api_keys" ON fleet.api_keys USING btree (id)

-- attempts
id bigint NOT NULL
run_id uuid NOT NULL
number integer NOT NULL
times integer NOT NULL
worker_id uuid
started_at timestamp with time zone
ended_at timestamp with time zone NOT NULL
outcome integer NOT NULL
error_type text
error text
stack text
verdict integer
max_attempts integer
max_attempts_from integer
CREATE INDEX ix_attempts_run ON fleet.attempts USING btree (run_id)
CREATE UNIQUE INDEX "PK_attempts" ON fleet.attempts USING btree (id)

-- audit
id bigint NOT NULL
at timestamp with time zone NOT NULL
by text NOT NULL
on_behalf_of text
way text NOT NULL
key_id text
subject text
action text NOT NULL
target text NOT NULL
before text
after text
reason text
CREATE INDEX ix_audit_at ON fleet.audit USING btree (at)
CREATE INDEX ix_audit_target ON fleet.audit USING btree (target, id)
CREATE UNIQUE INDEX "PK_audit" ON fleet.audit USING btree (id)

-- claim_sets
worker_id uuid NOT NULL
lease_token bigint NOT NULL
ids uuid[] NOT NULL
CREATE UNIQUE INDEX "PK_claim_sets" ON fleet.claim_sets USING btree (worker_id, lease_token)

-- dead_letters
run_id uuid NOT NULL
fingerprint text NOT NULL
job text NOT NULL
lane text NOT NULL
failed_at timestamp with time zone NOT NULL
version text
CREATE INDEX ix_dead_letters_failed ON fleet.dead_letters USING btree (failed_at)
CREATE INDEX ix_dead_letters_group ON fleet.dead_letters USING btree (fingerprint, failed_at)
CREATE INDEX ix_dead_letters_lane ON fleet.dead_letters USING btree (lane, failed_at)
CREATE INDEX ix_dead_letters_version ON fleet.dead_letters USING btree (fingerprint, version)
CREATE UNIQUE INDEX "PK_dead_letters" ON fleet.dead_letters USING btree (run_id)

-- diag_ledger
run_id character varying(36) NOT NULL
key character varying(200) NOT NULL

-- inbox
consumer text NOT NULL
message_id uuid NOT NULL
received_at timestamp with time zone NOT NULL
CREATE INDEX ix_inbox_received ON fleet.inbox USING btree (received_at)
CREATE UNIQUE INDEX "PK_inbox" ON fleet.inbox USING btree (consumer, message_id)

-- jobs
name text NOT NULL
version text NOT NULL
lane text NOT NULL
max_attempts integer
timeout_ms bigint
description text
aliases text NOT NULL
schema text NOT NULL
example text NOT NULL
first_seen_at timestamp with time zone NOT NULL
published_by text
seen_at timestamp with time zone NOT NULL
CREATE UNIQUE INDEX "PK_jobs" ON fleet.jobs USING btree (name, version)

-- lanes
name text NOT NULL
first_seen_at timestamp with time zone NOT NULL
paused_since timestamp with time zone
paused_by text
pause_reason text
paused_until timestamp with time zone
CREATE UNIQUE INDEX "PK_lanes" ON fleet.lanes USING btree (name)

-- leases
name text NOT NULL
owner text NOT NULL
term bigint NOT NULL
expires_at timestamp with time zone NOT NULL
CREATE UNIQUE INDEX "PK_leases" ON fleet.leases USING btree (name)

-- misfires
id bigint NOT NULL
schedule_id text NOT NULL
first timestamp with time zone NOT NULL
last timestamp with time zone NOT NULL
count integer NOT NULL
at timestamp with time zone NOT NULL
CREATE INDEX ix_misfires_schedule ON fleet.misfires USING btree (schedule_id, last)
CREATE UNIQUE INDEX "PK_misfires" ON fleet.misfires USING btree (id)

-- mutes
fingerprint text NOT NULL
at timestamp with time zone NOT NULL
by text NOT NULL
until timestamp with time zone
versions text
reason text
CREATE UNIQUE INDEX "PK_mutes" ON fleet.mutes USING btree (fingerprint)

-- operations
id character varying(36) NOT NULL
kind integer NOT NULL
state integer NOT NULL
query text NOT NULL
lanes text
as_of timestamp with time zone NOT NULL
newest uuid
matched bigint NOT NULL
matched_more boolean NOT NULL
rate integer NOT NULL
reason text
cursor uuid
done bigint NOT NULL
skipped_changed bigint NOT NULL
skipped_gone bigint NOT NULL
failed bigint NOT NULL
error text
created_at timestamp with time zone NOT NULL
created_by text NOT NULL
finished_at timestamp with time zone
canceled_by text
CREATE INDEX ix_operations_finished ON fleet.operations USING btree (finished_at)
CREATE INDEX ix_operations_running ON fleet.operations USING btree (state) WHERE (state = 0)
CREATE UNIQUE INDEX "PK_operations" ON fleet.operations USING btree (id)

-- outbox
id bigint NOT NULL
message_id uuid NOT NULL
name text NOT NULL
body text NOT NULL
run_id uuid
consumed_id uuid
destination text
envelope text
trace_parent text
created_at timestamp with time zone NOT NULL
failures integer NOT NULL
next_try_at timestamp with time zone NOT NULL
last_error text
CREATE INDEX ix_outbox_next_try ON fleet.outbox USING btree (next_try_at)
CREATE UNIQUE INDEX "PK_outbox" ON fleet.outbox USING btree (id)

-- pending_sets
id bigint NOT NULL
lane text NOT NULL
due_at timestamp with time zone NOT NULL
ids uuid[] NOT NULL
CREATE INDEX ix_pending_sets_due ON fleet.pending_sets USING btree (lane, due_at)
CREATE UNIQUE INDEX "PK_pending_sets" ON fleet.pending_sets USING btree (id)

-- protection_keys
number integer NOT NULL
xml text NOT NULL
created_at timestamp with time zone NOT NULL
CREATE UNIQUE INDEX "PK_protection_keys" ON fleet.protection_keys USING btree (number)

-- replays
id bigint NOT NULL
run_id uuid NOT NULL
number integer NOT NULL
at timestamp with time zone NOT NULL
by text NOT NULL
from_state integer NOT NULL
from_attempt integer NOT NULL
from_error text
from_canceled_by text
from_args text
from_finished_at timestamp with time zone
CREATE INDEX ix_replays_run ON fleet.replays USING btree (run_id)
CREATE UNIQUE INDEX "PK_replays" ON fleet.replays USING btree (id)

-- rollups
id bigint NOT NULL
at timestamp with time zone NOT NULL
step integer NOT NULL
job text NOT NULL
lane text NOT NULL
outcome integer NOT NULL
count bigint NOT NULL
waited bigint NOT NULL
worked bigint NOT NULL
slots bigint NOT NULL
waits bytea NOT NULL
durations bytea NOT NULL
CREATE INDEX ix_rollups_at ON fleet.rollups USING btree (step, at)
CREATE UNIQUE INDEX "PK_rollups" ON fleet.rollups USING btree (id)

-- run_logs
id bigint NOT NULL
run_id uuid NOT NULL
attempt integer NOT NULL
at timestamp with time zone NOT NULL
level integer NOT NULL
message text NOT NULL
CREATE INDEX ix_run_logs_run ON fleet.run_logs USING btree (run_id)
CREATE UNIQUE INDEX "PK_run_logs" ON fleet.run_logs USING btree (id)

-- runs
id uuid NOT NULL
job text NOT NULL
lane text NOT NULL
state integer NOT NULL
due_at timestamp with time zone NOT NULL
staged boolean NOT NULL
attempt integer NOT NULL
attempt_offset integer NOT NULL
max_attempts integer
crashes integer NOT NULL
replays integer NOT NULL
worker_id uuid
lease_token bigint NOT NULL
created_at timestamp with time zone NOT NULL
started_at timestamp with time zone
finished_at timestamp with time zone
cancel_requested_at timestamp with time zone
cancel_cause integer
canceled_by text
enqueued_by text
idempotency_key text
request_hash bytea
schedule_id text
fire_time timestamp with time zone
overlap integer NOT NULL
revoked boolean NOT NULL
parent_id uuid
args text NOT NULL
output text
error_type text
error text
fingerprint text
discarded_at timestamp with time zone
discarded_by text
discard_reason text
progress double precision
progress_message text
tags text
trace_parent text
indexed_state integer
CREATE INDEX ix_runs_ended ON fleet.runs USING btree (created_at) WHERE (indexed_state > 2)
CREATE INDEX ix_runs_fingerprint ON fleet.runs USING btree (fingerprint, id) WHERE (fingerprint IS NOT NULL)
CREATE INDEX ix_runs_last_chance ON fleet.runs USING btree (id) WHERE (crashes >= 2)
CREATE INDEX ix_runs_pending ON fleet.runs USING btree (lane, due_at) WHERE (indexed_state = 0)
CREATE INDEX ix_runs_revoked ON fleet.runs USING btree (schedule_id, fire_time) WHERE revoked
CREATE INDEX ix_runs_schedule ON fleet.runs USING btree (schedule_id, id) WHERE (schedule_id IS NOT NULL)
CREATE INDEX ix_runs_succeeded ON fleet.runs USING btree (due_at) WHERE (indexed_state IS NULL)
CREATE INDEX ix_runs_turns ON fleet.runs USING btree (schedule_id) WHERE ((schedule_id IS NOT NULL) AND (indexed_state < 2))
CREATE INDEX ix_runs_unstaged ON fleet.runs USING btree (due_at) WHERE ((indexed_state = 0) AND (NOT staged))
CREATE UNIQUE INDEX "PK_runs" ON fleet.runs USING btree (id)
CREATE UNIQUE INDEX ux_runs_idempotency_key ON fleet.runs USING btree (idempotency_key) WHERE (idempotency_key IS NOT NULL)
CREATE UNIQUE INDEX ux_runs_occurrence ON fleet.runs USING btree (schedule_id, fire_time) WHERE ((fire_time IS NOT NULL) AND (NOT revoked))

-- schedules
id text NOT NULL
job text NOT NULL
args text NOT NULL
lane text
max_attempts integer
tags text
cron text
every text
anchor timestamp with time zone
at timestamp with time zone
zone text
starts_at timestamp with time zone
ends_at timestamp with time zone
exclude text
jitter text
max_occurrences integer
misfire integer NOT NULL
misfire_deadline text
overlap integer NOT NULL
labels text
status integer NOT NULL
status_reason text
status_by text
status_since timestamp with time zone
resume_at timestamp with time zone
source text NOT NULL
put_by text
replaced text
planned_until timestamp with time zone NOT NULL
next_plan_at timestamp with time zone
last_fire_time timestamp with time zone
planned bigint NOT NULL
missed bigint NOT NULL
created_at timestamp with time zone NOT NULL
updated_at timestamp with time zone NOT NULL
version bigint NOT NULL
CREATE INDEX ix_schedules_next ON fleet.schedules USING btree (next_plan_at) WHERE (next_plan_at IS NOT NULL)
CREATE UNIQUE INDEX "PK_schedules" ON fleet.schedules USING btree (id)

-- sessions
id character varying(8) NOT NULL
hash bytea NOT NULL
name text NOT NULL
role text NOT NULL
lanes text
key_id text
subject text
address text
agent text
created_at timestamp with time zone NOT NULL
last_seen_at timestamp with time zone NOT NULL
expires_at timestamp with time zone NOT NULL
CREATE INDEX ix_sessions_expiry ON fleet.sessions USING btree (expires_at)
CREATE UNIQUE INDEX "PK_sessions" ON fleet.sessions USING btree (id)

-- views
name text NOT NULL
query text NOT NULL
columns text
sort text
shared boolean NOT NULL
owner text
created_at timestamp with time zone NOT NULL
changed_at timestamp with time zone NOT NULL
changed_by text
version bigint NOT NULL
CREATE UNIQUE INDEX "PK_views" ON fleet.views USING btree (name)

-- worker_samples
worker_id uuid NOT NULL
lane text NOT NULL
at timestamp with time zone NOT NULL
length bigint NOT NULL
busy bigint NOT NULL
slots bigint NOT NULL
succeeded bigint NOT NULL
retried bigint NOT NULL
failed bigint NOT NULL
canceled bigint NOT NULL
released bigint NOT NULL
bars bytea NOT NULL
bars_left_out integer NOT NULL
CREATE INDEX ix_worker_samples_at ON fleet.worker_samples USING btree (at)
CREATE UNIQUE INDEX "PK_worker_samples" ON fleet.worker_samples USING btree (worker_id, lane, at)

-- workers
id uuid NOT NULL
name text NOT NULL
process_space text NOT NULL
process_id integer NOT NULL
process_start bigint NOT NULL
lanes text NOT NULL
jobs text NOT NULL
state integer NOT NULL
started_at timestamp with time zone NOT NULL
heartbeat_at timestamp with time zone NOT NULL
lease_until timestamp with time zone NOT NULL
claimed_through text NOT NULL
lane_loads text NOT NULL
machine text NOT NULL
program text NOT NULL
version text NOT NULL
drain_since timestamp with time zone
drain_by text
drain_reason text
CREATE INDEX ix_workers_alive ON fleet.workers USING btree (lease_until) WHERE (state <> 2)
CREATE UNIQUE INDEX "PK_workers" ON fleet.workers USING btree (id)
