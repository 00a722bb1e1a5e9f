using System.Globalization;
using Fleet.Core.Loops;
using Fleet.Core.Storage;

namespace Fleet.Core.Runs;

/// <summary>Makes runs due that were given back because no worker could run them: a worker that knows their jobs has come.</summary>
public sealed class WakeUnserved(IStorage storage, Wakers wakers, TimeProvider time)
{
    /// <summary>The longest pause of such a run; so far ahead the index of pending runs is read.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    // A statement takes a limited number of parameters.
    private const int MostNames = 500;

    /// <param name="lanes">The lanes that the worker serves.</param>
    /// <param name="jobs">The names and aliases that it knows.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>How many runs are due now.</returns>
    public async Task<int> ExecuteAsync(IEnumerable<string> lanes, IReadOnlyCollection<string> jobs, CancellationToken ct)
    {
        var woken = 0;
        foreach (var lane in lanes)
        {
            foreach (var names in jobs.Chunk(MostNames))
                woken += await WakeAsync(lane, names, ct);
        }

        if (woken > 0)
            wakers.Stage.Wake();
        return woken;
    }

    private Task<int> WakeAsync(string lane, string[] names, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        (string, object?)[] parameters =
        [
            ("@lane", lane), ("@now", now), ("@until", now + (MaxPause * 2)), ("@staged", false), ("@unserved", ReleaseRuns.UnservedType),
            .. names.Select((name, i) => (Parameter(i), (object?)name)),
        ];
        // Not staged any more: its nudge waits on the belt until the old due time.
        var sql = $"""
            UPDATE fleet.runs SET due_at = @now, staged = @staged
            WHERE {storage.Sql.OpenState} = 0 AND lane = @lane AND due_at > @now AND due_at < @until AND error_type = @unserved
                AND job IN ({string.Join(", ", names.Select((_, i) => Parameter(i)))})
            """;
        return storage.WriteRetryingAsync(session => storage.Sql.ExecuteAsync(session, sql, ct, parameters), ct);

        static string Parameter(int i) => string.Create(CultureInfo.InvariantCulture, $"@job{i}");
    }
}
