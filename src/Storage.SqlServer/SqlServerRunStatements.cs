using System.Text;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Sql;
using Microsoft.Data.SqlClient;
using static Fleet.Storage.SqlServer.Statement;

namespace Fleet.Storage.SqlServer;

/// <summary>Executes <see cref="SqlServerStatements"/>.</summary>
internal sealed class SqlServerRunStatements(FleetSchema schema) : ServerRunStatements
{
    private const int MaxTries = 5;

    /// <summary>Below the number of row locks from which the server locks the whole table.</summary>
    private const int MaxDeleted = 1000;

    public override async Task<IReadOnlyList<OrphanedRun>> LockOrphansAsync(StorageSession session, CancellationToken ct) =>
        await QueryAsync(
            session, SqlServerStatements.LockOrphans,
            r => new OrphanedRun(
                r.GetRunId(0), r.IsDBNull(1) ? null : new WorkerId(r.GetId(1)), r.GetInt64(2), r.GetInt32(3), r.GetInt32(4) == 1),
            ct);

    public override async Task RescueAsync(
        StorageSession session, IReadOnlyList<RescuedRun> runs, DateTimeOffset now, CancellationToken ct)
    {
        await ExecuteAsync(
            session, SqlServerStatements.Rescue, ct,
            Rows.Of(runs.OrderBy(r => r.Orphan.Id), RowMembers.Rescued),
            Instant("@now", now), Integer("@outcome", (int)AttemptOutcome.Crashed), Text("@type", RescuedRun.ErrorType));
        await InsertDeadLettersAsync(session, [.. runs.Where(r => r.Fingerprint is not null).Select(r => r.Orphan.Id).Order()], ct);
    }

    public override async Task<IReadOnlyList<StageableRun>> ReadUnstagedAsync(
        StorageSession session, DateTimeOffset until, int limit, IReadOnlyList<string> leftOut, CancellationToken ct) => await QueryAsync(
        session, SqlServerStatements.ReadUnstaged, r => new StageableRun(r.GetRunId(0), r.GetString(1), r.GetUtc(2)), ct,
        Rows.Of(leftOut, RowMembers.Lane), Instant("@until", until), Integer("@limit", limit));

    public override Task MarkStagedAsync(StorageSession session, IReadOnlyList<StageableRun> runs, CancellationToken ct) => ExecuteAsync(
        session, SqlServerStatements.MarkStaged, ct,
        Rows.Of(runs.OrderBy(r => r.Id), RowMembers.Staged));

    public override async Task<PrunedRuns> DeleteEndedAsync(
        StorageSession session, bool succeeded, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken ct)
    {
        var most = Math.Min(limit, MaxDeleted);
        var gone = await QueryAsync(
            session, succeeded ? SqlServerStatements.DeleteSucceeded : SqlServerStatements.DeleteFailedOrCanceled, r => r.GetInt32(0), ct,
            Instant("@from", from), Instant("@before", before), Integer("@limit", most));
        return new PrunedRuns(gone[0], gone[0] == most, Last: null);
    }

    public override async Task<int> DeleteInboxAsync(StorageSession session, DateTimeOffset before, int limit, CancellationToken ct)
    {
        var most = Math.Min(limit, MaxDeleted);
        var counts = await QueryAsync(
            session, SqlServerStatements.DeleteInbox, r => r.GetInt32(0), ct, Instant("@before", before), Integer("@limit", most));
        var gone = counts[0];
        return gone == most ? limit : gone;
    }

    public override Task DeleteLeftOversAsync(StorageSession session, DateTimeOffset before, CancellationToken ct) =>
        ExecuteAsync(session, SqlServerStatements.DeleteWorkers, ct, Instant("@before", before));

    public override async Task<bool> LockTermAsync(StorageSession session, string lease, long term, CancellationToken ct) =>
        (await QueryAsync(
            session, SqlServerStatements.LockTerm, _ => true, ct, Text("@lease", lease), BigInteger("@term", term))).Count > 0;

    protected override async Task<IReadOnlyList<RunId>> InsertRowsAsync(
        StorageSession session, IReadOnlyList<NewRun> runs, CancellationToken ct)
    {
        // What the batch brings twice is inserted once; the second one then finds the first.
        var rows = runs.DistinctBy(r => r.Id)
            .DistinctBy(r => r.IdempotencyKey ?? (object)r.Id)
            .DistinctBy(r => r is { ScheduleId: { } schedule, FireTime: { } fire } ? (schedule, fire) : (object)r.Id).ToArray();
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await QueryAsync(session, SqlServerStatements.Insert, r => r.GetRunId(0), ct, Rows.Of(rows, RowMembers.New));
            }
            catch (SqlException e)
                when (tries < MaxTries && SqlServerErrors.IsDuplicate(e.Number) && session.Transaction.Connection is not null)
            {
                // Somebody else has just committed one of them. The statement is undone, the transaction goes on (unless its owner
                // set XACT_ABORT), and this time it is seen.
            }
        }
    }

    protected override async Task<IReadOnlyList<(string Key, RunId Id, byte[] Hash)>> FindKeysAsync(
        StorageSession session, string[] keys, CancellationToken ct) =>
        await QueryAsync(
            session, SqlServerStatements.FindKeys,
            r => (Encoding.ASCII.GetString(r.GetFieldValue<byte[]>(0)), r.GetRunId(1), r.GetFieldValue<byte[]>(2)), ct,
            Rows.Of(keys, RowMembers.Key));

    protected override async Task<IReadOnlyList<(string Schedule, DateTimeOffset Fire, RunId Id)>> FindOccurrencesAsync(
        StorageSession session, IReadOnlyList<NewRun> planned, CancellationToken ct) => await QueryAsync(
        session, SqlServerStatements.FindOccurrences, r => (r.GetString(0), r.GetUtc(1), r.GetRunId(2)), ct,
        Rows.Of(planned, RowMembers.Occurrence));

    protected override async Task<IReadOnlyList<RunId>> FindIdsAsync(StorageSession session, RunId[] ids, CancellationToken ct) =>
        await QueryAsync(session, SqlServerStatements.FindIds, r => r.GetRunId(0), ct, Rows.Of(ids.Order(), RowMembers.Id));

    protected override async Task<IReadOnlyList<ClaimedRun>?> ClaimRowsAsync(
        StorageSession session, WorkerId worker, RunId[] ids, long token, DateTimeOffset now, bool passedGates, CancellationToken ct)
    {
        await using var command = Command(
            session, SqlServerStatements.Claim,
            [
                WantedRows(ids.Select(id => new RunLease(id, token))), Id("@worker", worker.ToBytes()), Instant("@now", now),
                Integer("@last", CrashLimit(passedGates)), Integer("@gates", passedGates ? 1 : 0),
            ]);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        if (reader.GetInt32(0) == 0)
            return null;
        await reader.NextResultAsync(ct);
        return await ReadAllAsync(reader, r => ReadClaimed(r, r.GetRunId(0), now), ct);
    }

    protected override async Task<IReadOnlyList<PendingRun>> FindPendingAsync(StorageSession session, RunId[] ids, CancellationToken ct) =>
        await QueryAsync(
            session, SqlServerStatements.FindPending, r => ReadPending(r, r.GetRunId(0)), ct, Rows.Of(ids.Order(), RowMembers.Id));

    protected override async Task<IReadOnlyList<RunLease>> CompleteRowsAsync(
        StorageSession session, IReadOnlyList<Completion> completions, CancellationToken ct) => await QueryAsync(
        session, SqlServerStatements.Complete, LeaseOf, ct,
        Rows.Of(completions, RowMembers.Completed));

    protected override async Task<IReadOnlyList<RunLease>> FindCompletedAsync(StorageSession session, RunId[] ids, CancellationToken ct) =>
        await QueryAsync(session, SqlServerStatements.FindCompleted, LeaseOf, ct, Rows.Of(ids.Order(), RowMembers.Id));

    protected override async Task<IReadOnlyList<(RunLease Lease, RunState State)>> EndAttemptRowsAsync(
        StorageSession session, IReadOnlyList<AttemptEnd> ends, RunId[] repeated, CancellationToken ct)
    {
        var ended = await QueryAsync(
            session, SqlServerStatements.EndAttempt, row => (Lease: LeaseOf(row), State: (RunState)row.GetInt32(2)), ct,
            Rows.Of(ends, RowMembers.Ended));
        if (repeated.Length > 0)
            await ExecuteAsync(session, SqlServerStatements.FoldAttempts, ct, Rows.Of(repeated, RowMembers.Id));
        await InsertDeadLettersAsync(session, [.. ended.Where(e => e.State == RunState.Failed).Select(e => e.Lease.Id).Order()], ct);
        return ended;
    }

    private Task InsertDeadLettersAsync(StorageSession session, RunId[] failed, CancellationToken ct) => failed.Length == 0
        ? Task.CompletedTask
        : ExecuteAsync(session, SqlServerStatements.InsertDeadLetters, ct, Rows.Of(failed, RowMembers.Id));

    protected override Task InsertEventsAsync(StorageSession session, IReadOnlyList<OutboxMessage> events, CancellationToken ct) =>
        ExecuteAsync(
            session, SqlServerStatements.InsertEvents, ct,
            Rows.Of(events.Index(), RowMembers.Event));

    // These hide the methods of Statement: no text reaches the server without the schema's name in it.
    private Task<List<T>> QueryAsync<T>(
        StorageSession session, string sql, Func<SqlDataReader, T> read, CancellationToken ct, params SqlParameter[] parameters) =>
        Statement.QueryAsync(session, schema.In(sql), read, ct, parameters);

    private Task ExecuteAsync(StorageSession session, string sql, CancellationToken ct, params SqlParameter[] parameters) =>
        Statement.ExecuteAsync(session, schema.In(sql), ct, parameters);

    private SqlCommand Command(StorageSession session, string sql, params SqlParameter[] parameters) =>
        Statement.Command(session, schema.In(sql), parameters);

    private static RunLease LeaseOf(SqlDataReader reader) => new(reader.GetRunId(0), reader.GetInt64(1));

    /// <summary>In the order of the ids; the position keeps the order in which they were asked for.</summary>
    private static SqlParameter WantedRows(IEnumerable<RunLease> wanted) => Rows.Of(wanted.Index(), RowMembers.Wanted);
}
