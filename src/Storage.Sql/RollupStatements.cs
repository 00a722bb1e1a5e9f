using System.Globalization;
using System.Text;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

internal sealed class RollupStatements(PlainSql sql) : IRollupStatements
{
    // SQL Server takes 2,100 parameters, and a row has up to 13.
    private const int RowsOfAStatement = 150;
    private const int IdsOfAStatement = 500;

    private const string AddRollups =
        "INSERT INTO fleet.rollups (step, at, job, lane, outcome, count, waited, worked, slots, waits, durations) VALUES ";

    private const string AddSamples = """
        INSERT INTO fleet.worker_samples
            (worker_id, lane, at, length, busy, slots, succeeded, retried, failed, canceled, released, bars, bars_left_out)
        VALUES 
        """;

    // Those that are not older have a later start: they are from before the clock was set back.
    private const string DeleteSamples =
        "DELETE FROM fleet.worker_samples WHERE worker_id = @worker AND (at < @from OR at >= @at)";

    private const string FindSample = "SELECT 1 FROM fleet.worker_samples WHERE worker_id = @worker AND at = @at";

    public async Task AddEndedAsync(
        StorageSession session, IReadOnlyList<RunId> runs, RollupOutcome outcome, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var ids in runs.Chunk(IdsOfAStatement))
        {
            var add = $"""
                INSERT INTO fleet.rollups (step, at, job, lane, outcome, count, waited, worked, slots, waits, durations)
                SELECT 0, @at, r.job, r.lane, @outcome, COUNT(*), 0, 0, 0, @none, @none
                FROM fleet.runs r WHERE r.id IN ({string.Join(", ", ids.Select((_, i) => Name("id", i)))})
                GROUP BY r.job, r.lane
                """;
            await sql.ExecuteAsync(
                session, add, ct,
                [
                    ("@at", Rollup.MinuteOf(now)), ("@outcome", (int)outcome), ("@none", Array.Empty<byte>()),
                    .. ids.Select((id, i) => (Name("id", i), (object?)id)),
                ]);
        }
    }

    public async Task AddAsync(
        StorageSession session, IReadOnlyList<Rollup> rollups, IReadOnlyList<WorkerSample> samples, DateTimeOffset keepFrom,
        CancellationToken ct)
    {
        if (samples is [var first, ..])
            await sql.ExecuteAsync(session, DeleteSamples, ct, ("@worker", first.WorkerId), ("@from", keepFrom), ("@at", first.At));
        await InsertAsync(session, AddSamples, samples, Values, ct);
        await InsertAsync(session, AddRollups, rollups, Values, ct);
    }

    public async Task<bool> IsAddedAsync(StorageSession session, WorkerId worker, DateTimeOffset at, CancellationToken ct) =>
        (await sql.QueryAsync(session, FindSample, _ => true, ct, ("@worker", worker), ("@at", at))).Count > 0;

    private static object?[] Values(Rollup row) =>
    [
        (int)row.Step, row.At, row.Job, row.Lane, (int)row.Outcome, row.Count, row.Waited, row.Worked, row.Slots, row.Waits, row.Durations,
    ];

    private static object?[] Values(WorkerSample row) =>
    [
        row.WorkerId, row.Lane, row.At, row.Length, row.Busy, row.Slots, row.Succeeded, row.Retried, row.Failed, row.Canceled,
        row.Released, row.Bars, row.BarsLeftOut,
    ];

    private static string Name(string name, int i) => string.Create(CultureInfo.InvariantCulture, $"@{name}{i}");

    private async Task InsertAsync<T>(
        StorageSession session, string insert, IReadOnlyList<T> rows, Func<T, object?[]> values, CancellationToken ct)
    {
        foreach (var chunk in rows.Chunk(RowsOfAStatement))
        {
            var text = new StringBuilder(insert);
            var parameters = new List<(string, object?)>();
            foreach (var row in chunk)
            {
                text.Append(parameters.Count == 0 ? "(" : ", (");
                foreach (var (i, value) in values(row).Index())
                {
                    var name = Name("p", parameters.Count);
                    text.Append(i == 0 ? "" : ", ").Append(name);
                    parameters.Add((name, value));
                }

                text.Append(')');
            }

            await sql.ExecuteAsync(session, $"{text}", ct, [.. parameters]);
        }
    }
}
