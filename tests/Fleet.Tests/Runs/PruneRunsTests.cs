using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Storage.Sqlite;
using Fleet.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Runs;

/// <summary>What pruning makes of clocks that are wrong.</summary>
public sealed class PruneRunsTests : StorageVerbs
{
    private static readonly TimeSpan Keep = TimeSpan.FromDays(7);

    private readonly SqliteDatabase _database;

    public PruneRunsTests() : this(new SqliteDatabase())
    {
    }

    private PruneRunsTests(SqliteDatabase database) : base(database) => _database = database;

    [Fact]
    public async Task PruneRuns_OwnClockIsAMonthAhead_TheDatabasesClockDecides()
    {
        await Fleet.CancelAsync(await Fleet.EnqueueAsync());
        var ahead = new FakeTimeProvider(Verbs.Noon.AddDays(30));

        await using (var prune = new PruneRuns(Fleet.Storage, ahead, NullLogger<PruneRuns>.Instance))
            Assert.Equal((0, false), await PruneAsync(prune));

        Assert.Single(await Fleet.ListAsync(db => db.Runs));
    }

    [Fact]
    public async Task PruneRuns_DatabasesClockIsAMonthAhead_OursDecides()
    {
        await Fleet.CancelAsync(await Fleet.EnqueueAsync());
        var behind = new FakeTimeProvider(Verbs.Noon);
        Time.Advance(TimeSpan.FromDays(30));

        await using (var prune = new PruneRuns(Fleet.Storage, behind, NullLogger<PruneRuns>.Instance))
            Assert.Equal((0, false), await PruneAsync(prune));

        Assert.Single(await Fleet.ListAsync(db => db.Runs));
    }

    [Fact]
    public async Task PruneRuns_ClockLeapsAhead_WaitsAndGoesOnWhenItStaysSo()
    {
        var leaping = new LeapingTime(Time);
        await using var storage = new SqliteStorage(_database.ConnectionString, leaping);
        await Fleet.CancelAsync(await Fleet.EnqueueAsync());
        var log = new LogLines<PruneRuns>();
        await using var prune = new PruneRuns(storage, leaping, log);
        Assert.Equal((0, false), await PruneAsync(prune));

        leaping.Ahead = TimeSpan.FromDays(30);
        Time.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 3; i++)
            Assert.Equal((0, false), await PruneAsync(prune));
        Assert.Contains("jumped ahead by 30.00:00:00", Assert.Single(log.All), StringComparison.Ordinal);

        Time.Advance(ClockBrake.Wait);
        Assert.Equal((1, false), await PruneAsync(prune));
    }

    [Fact]
    public async Task PruneRuns_ClockLeapsAheadAndBack_DeletesNothing()
    {
        var leaping = new LeapingTime(Time);
        await using var storage = new SqliteStorage(_database.ConnectionString, leaping);
        await Fleet.CancelAsync(await Fleet.EnqueueAsync());
        await using var prune = new PruneRuns(storage, leaping, NullLogger<PruneRuns>.Instance);
        await PruneAsync(prune);
        leaping.Ahead = TimeSpan.FromDays(30);
        await PruneAsync(prune);

        leaping.Ahead = TimeSpan.Zero;
        Time.Advance(ClockBrake.Wait);

        Assert.Equal((0, false), await PruneAsync(prune));
        Assert.Single(await Fleet.ListAsync(db => db.Runs));
    }

    private async Task<(int Runs, bool More)> PruneAsync(PruneRuns prune) =>
        await prune.ExecuteAsync(await Fleet.LeadAsync(), Keep, Keep, Keep, CancellationToken.None);
}
