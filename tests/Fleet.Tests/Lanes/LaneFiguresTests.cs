using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Lanes;

/// <summary>How long figures of lanes are shown, by a clock that the test moves.</summary>
public sealed class LaneFiguresTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(Verbs.Noon);
    private readonly SqliteDatabase _database = new();
    private Verbs _fleet = null!;
    private LaneFigures _figures = null!;
    private bool _isAway;
    private int _asked;

    public async ValueTask InitializeAsync()
    {
        await _database.CreateAsync();
        _fleet = new Verbs(_database.Open(_time), _time);
        await _fleet.EnqueueAsync(new EnqueueOptions { Lane = "mail" });
        var storage = StorageSpy.Around(_fleet.Storage, nameof(IStorage.Read), () =>
        {
            _asked++;
            if (_isAway)
                throw new DatabaseUnavailableException("database: it is away", TimeSpan.FromSeconds(3));
        });
        _figures = new LaneFigures(storage, new DemandOptions(), _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _fleet.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Find_WithinASecond_MeasuresOnce()
    {
        for (var i = 0; i < 10; i++)
            Assert.Equal((1, TimeSpan.FromMilliseconds(99 * i)), await FindAsync(then: TimeSpan.FromMilliseconds(99)));

        Assert.Equal(1, _asked);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        await FindAsync();
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task Find_DatabaseIsAway_ShowsTheLastFigureWithItsAgeForAMinute()
    {
        await FindAsync();
        await ListAsync();
        _isAway = true;
        await _fleet.EnqueueAsync(new EnqueueOptions { Lane = "mail" });

        foreach (var age in new[] { 0.5, 2, 30, 60 })
        {
            _time.Advance(Verbs.Noon + TimeSpan.FromSeconds(age) - _time.GetUtcNow());
            Assert.Equal((1, TimeSpan.FromSeconds(age)), await FindAsync());
            Assert.Equal((1, TimeSpan.FromSeconds(age)), await ListAsync());
        }

        // Callers that come within a second do not all ask.
        var asked = _asked;
        await FindAsync();
        Assert.Equal(asked, _asked);

        _time.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => FindAsync());
        await Assert.ThrowsAsync<DatabaseUnavailableException>(ListAsync);

        _isAway = false;
        Assert.Equal((2, TimeSpan.Zero), await FindAsync());
        Assert.Equal((2, TimeSpan.Zero), await ListAsync());
    }

    [Fact]
    public async Task Find_NeverMeasured_FailsAtOnce()
    {
        _isAway = true;

        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => FindAsync());
    }

    /// <summary>A real server, stopped as by a power failure, and started again.</summary>
    [Fact]
    public async Task Find_PostgresIsStopped_ShowsTheLastFigureUntilItIsTooOld()
    {
        await using var server = new PostgresServer();
        await using var database = new PostgresDatabase(server);
        await database.CreateAsync();
        await using var fleet = new Verbs(database.Open(_time), _time);
        await fleet.EnqueueAsync(new EnqueueOptions { Lane = "mail" });
        var figures = new LaneFigures(fleet.Storage, new DemandOptions(), _time);
        Assert.Equal((1, TimeSpan.Zero), await FindOfAsync());

        await server.KillAsync();
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal((1, TimeSpan.FromSeconds(59)), await FindOfAsync());
        _time.Advance(TimeSpan.FromSeconds(2));
        var error = await Record.ExceptionAsync(FindOfAsync);
        Assert.True(error is not null && fleet.Storage.IsOutage(error), $"{error}");

        await server.RunAsync();
        await Waiting.UntilAsync(async () =>
        {
            // The pause of the pools is measured by the test's clock.
            _time.Advance(TimeSpan.FromSeconds(5));
            return await Record.ExceptionAsync(FindOfAsync) is null;
        });
        Assert.Equal((1, TimeSpan.Zero), await FindOfAsync());

        async Task<(int Ready, TimeSpan Age)> FindOfAsync()
        {
            var (figure, age) = (await figures.FindAsync("mail", CancellationToken.None))!;
            return (figure.Ready.Value, age);
        }
    }

    private async Task<(int Ready, TimeSpan Age)> FindAsync(TimeSpan then = default)
    {
        var (figure, age) = (await _figures.FindAsync("mail", CancellationToken.None))!;
        _time.Advance(then);
        return (figure.Ready.Value, age);
    }

    private async Task<(int Ready, TimeSpan Age)> ListAsync()
    {
        var (figures, age) = await _figures.ListAsync(CancellationToken.None);
        return (Assert.Single(figures, f => f.Row.Name == "mail").Ready.Value, age);
    }
}
