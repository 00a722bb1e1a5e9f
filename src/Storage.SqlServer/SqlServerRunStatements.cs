using System.Data.Common;
using System.Text;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.Data.SqlClient;
using static Fleet.Storage.SqlServer.Statement;

namespace Fleet.Storage.SqlServer;

/// <summary>Executes <see cref="SqlServerStatements"/>.</summary>
internal sealed class SqlServerRunStatements : ServerRunStatements<SqlTransaction>
{
    private const int MostTries = 5;

    /// <summary>Below the number of row locks from which the server locks the whole table.</summary>
    private const int MostDeleted = 1000;

    public override SqlTransaction Own(DbTransaction transaction) => transaction.As<SqlTransaction>("SQL Server");

    public override async Task<IReadOnlyList<OrphanedRun>> LockOrphansAsync(DbTransaction transaction, CancellationToken ct) => await QueryAsync(
        Own(transaction), SqlServerStatements.LockOrphans,
        r => new OrphanedRun(r.GetRunId(0), r.IsDBNull(1) ? null : new WorkerId(r.GetId(1)), r.GetInt64(2), r.GetInt32(3), r.GetInt32(4) == 1), ct);

    public override Task RescueAsync(DbTransaction transaction, IReadOnlyList<RescuedRun> runs, DateTimeOffset now, CancellationToken ct) => ExecuteAsync(
        Own(transaction), SqlServerStatements.Rescue, ct,
        Rows.Of(runs.OrderBy(r => r.Orphan.Id), RowMembers.Rescued),
        Instant("@now", now), Integer("@outcome", (int)AttemptOutcome.Crashed), Text("@type", RescuedRun.ErrorType));

    public override async Task<IReadOnlyList<StageableRun>> ReadUnstagedAsync(
        DbTransaction transaction, DateTimeOffset until, int limit, IReadOnlyList<string> leftOut, CancellationToken ct) => await QueryAsync(
        Own(transaction), SqlServerStatements.ReadUnstaged, r => new StageableRun(r.GetRunId(0), r.GetString(1), r.GetUtc(2)), ct,
        Rows.Of(leftOut, RowMembers.Lane), Instant("@until", until), Integer("@limit", limit));

    public override Task MarkStagedAsync(DbTransaction transaction, IReadOnlyList<StageableRun> runs, CancellationToken ct) => ExecuteAsync(
        Own(transaction), SqlServerStatements.MarkStaged, ct,
        Rows.Of(runs.OrderBy(r => r.Id), RowMembers.Staged));

    public override async Task<PrunedRuns> DeleteEndedAsync(
        DbTransaction transaction, bool succeeded, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken ct)
    {
        var most = Math.Min(limit, MostDeleted);
        var gone = await QueryAsync(
            Own(transaction), succeeded ? SqlServerStatements.DeleteSucceeded : SqlServerStatements.DeleteFailedOrCanceled, r => r.GetInt32(0), ct,
            Instant("@from", from), Instant("@before", before), Integer("@limit", most));
        return new PrunedRuns(gone[0], gone[0] == most, Last: null);
    }

    public override async Task<int> DeleteInboxAsync(DbTransaction transaction, DateTimeOffset before, int limit, CancellationToken ct)
    {
        var most = Math.Min(limit, MostDeleted);
        var gone = (await QueryAsync(Own(transaction), SqlServerStatements.DeleteInbox, r => r.GetInt32(0), ct, Instant("@before", before), Integer("@limit", most)))[0];
        return gone == most ? limit : gone;
    }

    public override Task DeleteLeftOversAsync(DbTransaction transaction, DateTimeOffset before, CancellationToken ct) =>
        ExecuteAsync(Own(transaction), SqlServerStatements.DeleteWorkers, ct, Instant("@before", before));

    public override async Task<bool> LockTermAsync(DbTransaction transaction, string lease, long term, CancellationToken ct) => (await QueryAsync(
        Own(transaction), SqlServerStatements.LockTerm, _ => true, ct, Text("@lease", lease), BigInteger("@term", term))).Count > 0;

    protected override async Task<IReadOnlyList<RunId>> InsertRowsAsync(SqlTransaction own, IReadOnlyList<NewRun> runs, CancellationToken ct)
    {
        // What the batch brings twice is inserted once; the second one then finds the first.
        var rows = runs.DistinctBy(r => r.Id)
            .DistinctBy(r => r.IdempotencyKey ?? (object)r.Id)
            .DistinctBy(r => r is { ScheduleId: { } schedule, FireTime: { } fire } ? (schedule, fire) : (object)r.Id).ToArray();
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await QueryAsync(own, SqlServerStatements.Insert, r => r.GetRunId(0), ct, Rows.Of(rows, RowMembers.New));
            }
            catch (SqlException e) when (tries < MostTries && SqlServerErrors.IsDuplicate(e.Number) && own.Connection is not null)
            {
                // Somebody else has just committed one of them. The statement is undone, the transaction goes on (unless its owner
                // set XACT_ABORT), and this time it is seen.
            }
        }
    }

    protected override async Task<IReadOnlyList<(string Key, RunId Id, byte[] Hash)>> FindKeysAsync(SqlTransaction own, string[] keys, CancellationToken ct) =>
        await QueryAsync(
            own, SqlServerStatements.FindKeys, r => (Encoding.ASCII.GetString(r.GetFieldValue<byte[]>(0)), r.GetRunId(1), r.GetFieldValue<byte[]>(2)), ct,
            Rows.Of(keys, RowMembers.Key));

    protected override async Task<IReadOnlyList<(string Schedule, DateTimeOffset Fire, RunId Id)>> FindOccurrencesAsync(
        SqlTransaction own, IReadOnlyList<NewRun> planned, CancellationToken ct) => await QueryAsync(
        own, SqlServerStatements.FindOccurrences, r => (r.GetString(0), r.GetUtc(1), r.GetRunId(2)), ct,
        Rows.Of(planned, RowMembers.Occurrence));

    protected override async Task<IReadOnlyList<RunId>> FindIdsAsync(SqlTransaction own, RunId[] ids, CancellationToken ct) =>
        await QueryAsync(own, SqlServerStatements.FindIds, r => r.GetRunId(0), ct, Rows.Of(ids.Order(), RowMembers.Id));

    protected override async Task<IReadOnlyList<ClaimedRun>?> ClaimRowsAsync(
        SqlTransaction own, WorkerId worker, RunId[] ids, long token, DateTimeOffset now, bool inTurn, CancellationToken ct)
    {
        ClaimedRun Read(SqlDataReader reader) => ReadClaimed(reader, reader.GetRunId(0), now);
        SqlParameter[] Parameters(IEnumerable<RunId> wanted) =>
            [WantedRows(wanted.Select(id => new RunLease(id, token))), Id("@worker", worker.ToBytes()), Instant("@now", now), Integer("@last", RescuedRun.CrashCap - 1), Integer("@turn", inTurn ? 1 : 0)];

        List<ClaimedRun> claimed;
        await using (var command = Command(own, SqlServerStatements.Claim, Parameters(ids)))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            await reader.ReadAsync(ct);
            if (reader.GetInt32(0) == 0)
                return null;
            await reader.NextResultAsync(ct);
            claimed = await ReadAllAsync(reader, Read, ct);
        }

        if (claimed.Count < ids.Length)
        {
            var taken = claimed.Select(c => c.Id).ToHashSet();
            claimed.AddRange(await QueryAsync(
                own, SqlServerStatements.ClaimLastChance, Read, ct, Parameters(ids.Where(id => !taken.Contains(id)))));
        }

        return claimed;
    }

    protected override async Task<IReadOnlyList<PendingRun>> FindPendingAsync(SqlTransaction own, RunId[] ids, CancellationToken ct) =>
        await QueryAsync(own, SqlServerStatements.FindPending, r => ReadPending(r, r.GetRunId(0)), ct, Rows.Of(ids.Order(), RowMembers.Id));

    protected override async Task<IReadOnlyList<RunLease>> CompleteRowsAsync(
        SqlTransaction own, IReadOnlyList<Completion> completions, CancellationToken ct) => await QueryAsync(
        own, SqlServerStatements.Complete, LeaseOf, ct,
        Rows.Of(completions, RowMembers.Completed));

    protected override async Task<IReadOnlyList<RunLease>> FindCompletedAsync(SqlTransaction own, RunId[] ids, CancellationToken ct) =>
        await QueryAsync(own, SqlServerStatements.FindCompleted, LeaseOf, ct, Rows.Of(ids.Order(), RowMembers.Id));

    protected override async Task<IReadOnlyList<RunLease>> EndAttemptRowsAsync(
        SqlTransaction own, IReadOnlyList<AttemptEnd> ends, RunId[] repeated, CancellationToken ct)
    {
        var ended = await QueryAsync(own, SqlServerStatements.EndAttempt, LeaseOf, ct, Rows.Of(ends, RowMembers.Ended));
        if (repeated.Length > 0)
            await ExecuteAsync(own, SqlServerStatements.FoldAttempts, ct, Rows.Of(repeated, RowMembers.Id));
        return ended;
    }

    protected override Task InsertEventsAsync(SqlTransaction own, IReadOnlyList<OutboxMessage> events, CancellationToken ct) => ExecuteAsync(
        own, SqlServerStatements.InsertEvents, ct,
        Rows.Of(events.Index(), RowMembers.Event));

    private static RunLease LeaseOf(SqlDataReader reader) => new(reader.GetRunId(0), reader.GetInt64(1));

    /// <summary>In the order of the ids; the position keeps the order in which they were asked for.</summary>
    private static SqlParameter WantedRows(IEnumerable<RunLease> wanted) => Rows.Of(wanted.Index(), RowMembers.Wanted);
}
