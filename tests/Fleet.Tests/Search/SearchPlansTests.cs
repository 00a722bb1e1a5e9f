using System.Diagnostics;
using System.Globalization;
using Fleet.Core.Jobs;
using Fleet.Core.Operations;
using Fleet.Core.Search;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Search;

/// <summary>What the database does for a search in a large table: each query alone and in threes, with values that are there and that are
/// not. Its page is full, or says honestly how far it looked; no table is read or sorted whole, and the rows that are read stay within the
/// budget. Time does not pass here, so that only rows use the budget up; how long the pages take is reported.</summary>
public abstract class SearchPlansTests(TestDatabase database) : IAsyncLifetime
{
    /// <summary>How many runs there are. With <c>FLEET_SEARCH_RUNS=1000000</c>, a million.</summary>
    protected static int Runs { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("FLEET_SEARCH_RUNS"), CultureInfo.InvariantCulture, out var runs)
            ? runs
            : ShortRuns;

    private const int ShortRuns = 100_000;

    private const int Limit = 50;

    /// <summary>Milliseconds between two runs.</summary>
    protected const int Step = 60;

    /// <summary>The fingerprint of a third of the failed runs, and that of each hundredth.</summary>
    protected const string Group = "v1:0000000000000002", RareGroup = "v1:0000000000000001";

    private static readonly string Known = IdOf(Runs / 2);

    /// <summary>A term that many or some runs match, and one that no or few runs match.</summary>
    private static readonly (string Present, string Absent)[] Terms =
    [
        ("state:failed", "state:running"),
        ("job:job-7", "job:absent"),
        ("lane:mail", "lane:absent"),
        ("schedule:nightly", "schedule:absent"),
        ("tag:billing", "tag:absent"),
        ("error:timeout", "error:absent"),
        ("args.customer=7", "args.customer=\"ä\""),
        ("key:key-1000", "key:absent"),
        ($"id:{Known}", "id:00000000-0000-7000-8000-000000000000"),
        ("since:1h", "since:1s"),
        ("until:30m", "until:3000d"),
    ];

    private static readonly string[] Others =
    [
        "", "state:pending", "state:ready", "state:scheduled", "state:succeeded", "state:canceled", "state:failed,canceled", "job:rare",
        "job:ra*", "job:*re", "schedule:rare", "schedule:nightly,rare", "schedule:night*",
        "since:1h until:30m", "until:1h job:absent since:90m", "args.customer=\"5*\"",
        "args.customer=absent",
        "state:dead", $"fingerprint:{Group}", $"fingerprint:{Group},{RareGroup}", $"state:dead lane:mail fingerprint:{Group}",
        "fingerprint:v1:ffffffffffffffff",
    ];

    private static readonly (OperationKind Kind, string Query)[] Operations =
    [
        (OperationKind.Cancel, "state:pending"), (OperationKind.Cancel, "state:running"), (OperationKind.Cancel, "job:job-7"),
        (OperationKind.Replay, "state:failed"), (OperationKind.Replay, "error:timeout tag:billing"), (OperationKind.Replay, "job:absent"),
        (OperationKind.Replay, $"fingerprint:{Group}"), (OperationKind.Replay, $"fingerprint:{Group},{RareGroup}"),
        (OperationKind.Delete, "lane:mail"), (OperationKind.Delete, "state:succeeded job:job-7"), (OperationKind.Delete, "until:30m"),
        (OperationKind.Delete, "schedule:nightly"), (OperationKind.Delete, "args.customer=absent"), (OperationKind.Delete, "job:*re"),
    ];

    private static readonly SearchBudget Budget = new();

    private IStorage _storage = null!;

    public async ValueTask InitializeAsync()
    {
        await database.CreateAsync();
        var begun = Stopwatch.GetTimestamp();
        await FillAsync(database.ConnectionString);
        TestContext.Current.SendDiagnosticMessage($"{Runs} runs made in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s");
        _storage = database.Open(TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_storage is IAsyncDisposable storage)
            await storage.DisposeAsync();
        await database.DisposeAsync();
    }

    private static SecretTerms NoSecrets => new(new SecretArgs(catalog: null));

    /// <summary>The first page, the second, and the count of every query.</summary>
    [Fact]
    public async Task Search_LargeTable_ReadsWithinTheBudget()
    {
        var search = new SearchRuns(_storage, NoSecrets, new FakeTimeProvider(Verbs.Noon)) { Budget = Budget };
        var count = new CountRuns(_storage, NoSecrets, new FakeTimeProvider(Verbs.Noon)) { Budget = Budget };
        var wrong = new List<string>();
        // A part of the threes is enough for every day.
        foreach (var text in Singles().Concat(Triples().Where((_, i) => Runs > ShortRuns || i % 4 == 0)))
        {
            var query = ParseRunQuery.Read(text, Verbs.Noon);
            RunPage? page = null;
            wrong.AddRange(await CheckAsync(text, async () => page = await search.ExecuteAsync(query, null, Limit, default)));
            if (!IsHonest(page!))
                wrong.Add($"{text}: {page!.Runs.Count} runs, {page.Scanned}");
            if (page!.Next is { } next && text.Count(c => c == ':') < 3)
                wrong.AddRange(await CheckAsync($"{text}, page 2", () => search.ExecuteAsync(query, next, Limit, default)));
            if (text.Count(c => c == ':') < 3)
                wrong.AddRange(await CheckAsync($"count {text}", () => count.ExecuteAsync(query, byState: true, default)));
        }

        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong.Take(20)));
        if (Runs > ShortRuns)
            await ReportTimesAsync();
    }

    /// <summary>What an operation looks up for its next batches: at its beginning, in the middle and near its end.</summary>
    [Fact]
    public async Task Operation_LargeTable_FindsItsNextRunsWithinTheBudget()
    {
        var wrong = new List<string>();
        foreach (var (kind, text) in Operations)
        {
            foreach (var before in new[] { null, IdOf(Runs / 2), IdOf(Runs / 20) })
                wrong.AddRange(await CheckAheadAsync(kind, text, before));
        }

        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong.Take(20)));
    }

    /// <summary>Looks up what an operation does next behind a run.</summary>
    protected async Task<IReadOnlyList<string>> CheckAheadAsync(OperationKind kind, string text, string? before)
    {
        RunId? cursor = before is null ? null : new RunId(Guid.Parse(before));
        var operation = new Operation
        {
            Kind = kind,
            Query = text,
            AsOf = Verbs.Noon,
            Newest = new RunId(Guid.Parse(IdOf(Runs))),
            Cursor = cursor,
            CreatedBy = Somebody.Me,
        };
        var query = await OperationRules.CheckAsync(OperationRules.QueryOf(operation), NoSecrets, default);
        var work = new OperationWork(cursor);
        var what = $"{kind} {text} before {before ?? "the end"}";
        List<string> wrong =
        [
            .. await CheckAsync(
                what, () => new RunsAhead(_storage, new FakeTimeProvider(Verbs.Noon)).FindAsync(operation, query, work, default)),
        ];
        if (!work.IsAtEnd && (work.BehindAhead is not { } behind || behind >= (cursor ?? operation.Newest)))
            wrong.Add($"{what}: it gets no further");
        return wrong;
    }

    protected Task<RunPage> SearchAsync(string text) =>
        new SearchRuns(_storage, NoSecrets, new FakeTimeProvider(Verbs.Noon)) { Budget = Budget }
            .ExecuteAsync(ParseRunQuery.Read(text, Verbs.Noon), null, Limit, default);

    protected string ConnectionString => database.ConnectionString;

    /// <summary>Not asserted: the machine is what it is.</summary>
    private async Task ReportTimesAsync()
    {
        var search = new SearchRuns(_storage, NoSecrets, new AtNoon()) { Budget = Budget };
        var count = new CountRuns(_storage, NoSecrets, new AtNoon()) { Budget = Budget };
        var (pages, counts) = (new List<(double, string)>(), new List<(double, string)>());
        foreach (var text in Singles().Concat(Triples().Where((_, i) => i % 5 == 0)))
        {
            var query = ParseRunQuery.Read(text, Verbs.Noon);
            pages.Add((await TakesAsync(() => search.ExecuteAsync(query, null, Limit, default)), text));
            counts.Add((await TakesAsync(() => count.ExecuteAsync(query, byState: false, default)), text));
        }

        foreach (var (name, times) in new[] { ("page", pages), ("count", counts) })
        {
            times.Sort();
            var (p95, slowest) = (times[times.Count * 95 / 100].Item1, times[^1]);
            TestContext.Current.SendDiagnosticMessage(
                $"{name} of {Runs} runs: median {times[times.Count / 2].Item1:0} ms, p95 {p95:0} ms, "
                + $"slowest {slowest.Item1:0} ms ({slowest.Item2})");
        }
    }

    /// <summary>Makes the runs: one every <see cref="Step"/> milliseconds up to noon; the 100th of each hundred has failed.</summary>
    protected abstract Task FillAsync(string connectionString);

    /// <summary>Executes a search and says what is wrong with what the database did for it.</summary>
    protected abstract Task<IReadOnlyList<string>> CheckAsync(string what, Func<Task> search);

    /// <summary>The most rows that one statement may read.</summary>
    protected static int MostAtOnce => Math.Max(Budget.FewRuns + 1, Budget.LargestWindow);

    /// <summary>The most rows that the statements of one page or count may read together: each window is read for its end, for its matches
    /// and for its count, and there are the runs of four states that an index finds.</summary>
    protected static int MostInAll => (3 * (Budget.Rows + Budget.LargestWindow)) + (8 * Budget.FewRuns);

    /// <summary>The id of the n-th run.</summary>
    protected static string IdOf(int n)
    {
        var at = Verbs.Noon.ToUnixTimeMilliseconds() - ((long)(Runs - n) * Step);
        var hex = at.ToString("x12", CultureInfo.InvariantCulture);
        return $"{hex[..8]}-{hex[8..]}-7000-8000-000000000000";
    }

    private static bool IsHonest(RunPage page) =>
        page.Scanned.Rows <= Budget.Rows + Budget.LargestWindow
        && (page.Runs.Count == Limit || page.Scanned.Complete || page.Scanned is { Rows: >= 100_000, BackTo: not null })
        && page.Scanned.Complete == page.Next is null;

    private static IEnumerable<string> Singles() => Terms.SelectMany(t => new[] { t.Present, t.Absent }).Concat(Others);

    private static IEnumerable<string> Triples()
    {
        for (var a = 0; a < Terms.Length; a++)
        {
            for (var b = a + 1; b < Terms.Length; b++)
            {
                for (var c = b + 1; c < Terms.Length; c++)
                {
                    // Together they may make no sense; there is a query with both.
                    if (b == Terms.Length - 2)
                        continue;
                    yield return $"{Terms[a].Present} {Terms[b].Present} {Terms[c].Present}";
                    yield return $"{Terms[a].Present} {Terms[b].Present} {Terms[c].Absent}";
                }
            }
        }
    }

    private static async Task<double> TakesAsync(Func<Task> act)
    {
        var begun = Stopwatch.GetTimestamp();
        await act();
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    /// <summary>It is always noon, but time passes for whoever measures.</summary>
    private sealed class AtNoon : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Verbs.Noon;
    }
}
