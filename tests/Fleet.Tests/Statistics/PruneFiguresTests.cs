using Fleet.Core.Statistics;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Sqlite;
using Fleet.Tests.Support;

namespace Fleet.Tests.Statistics;

/// <summary>What pruning makes of a clock that is wrong: figures of a month are not to be had again.</summary>
public sealed class PruneFiguresTests : StorageVerbs
{
    private readonly SqliteDatabase _database;

    public PruneFiguresTests() : this(new SqliteDatabase())
    {
    }

    private PruneFiguresTests(SqliteDatabase database) : base(database) => _database = database;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PruneFigures_ClockLeapsAhead_WaitsWhetherItIsRight(bool isRight)
    {
        var leaping = new LeapingTime(Time);
        await using var storage = new SqliteStorage(_database.ConnectionString, leaping);
        await Fleet.Storage.WriteAsync(
            session =>
            {
                session.Db.Rollups.Add(new Rollup { At = Fleet.Now, Job = "note", Lane = "default", Waits = [], Durations = [] });
                session.Db.Misfires.Add(new Misfire { ScheduleId = "s", First = Fleet.Now, Last = Fleet.Now, Count = 1, At = Fleet.Now });
                return session.Db.SaveChangesAsync();
            },
            CancellationToken.None);
        var log = new LogLines<PruneFigures>();
        var prune = new PruneFigures(storage, leaping, log);
        await PruneAsync();

        leaping.Ahead = TimeSpan.FromDays(300);
        for (var i = 0; i < 3; i++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            await PruneAsync();
        }

        Assert.Equal((1, 1), await CountAsync());
        Assert.Contains("jumped ahead by 300.00:00:00", Assert.Single(log.All), StringComparison.Ordinal);

        if (!isRight)
            leaping.Ahead = TimeSpan.Zero;
        Time.Advance(ClockBrake.Wait);
        await PruneAsync();
        Assert.Equal(isRight ? (0, 0) : (1, 1), await CountAsync());

        async Task PruneAsync() => await prune.ExecuteAsync(await Fleet.LeadAsync(), TimeSpan.FromDays(30), CancellationToken.None);
    }

    private async Task<(int Rollups, int Misfires)> CountAsync() =>
        ((await Fleet.ListAsync(db => db.Rollups)).Count, (await Fleet.ListAsync(db => db.Misfires)).Count);
}
