using Fleet.Core.Storage;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Hosting;

/// <summary>A start that is refused says why in a few lines, and has written nothing.</summary>
public sealed class RefusedStartTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LogRecorder _log = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>What the host logs and the runtime prints.</summary>
    [Theory]
    [InlineData("setting", "Fleet:Worker:Drain: '2.00:00:00' is not allowed; allowed is 00:00:00 to 01:00:00.")]
    [InlineData("code", "Fleet:Worker:Lease: '00:00:01' is not allowed; allowed is 00:00:03 to 00:05:00.")]
    [InlineData("unknown", "Fleet:Worker:Drian is not a known setting; did you mean 'Drain'?")]
    [InlineData("provider", "Fleet:Storage:Provider: 'Oracle' is not allowed; allowed is Sqlite, Postgres or SqlServer.")]
    [InlineData("constructor", "The handler of job 'test.needy' cannot be made: ")]
    [InlineData("handler", "The job 'test.needy' (")]
    [InlineData("schedule", "Schedule 'bad' from code: cron: ")]
    [InlineData("configured", "Fleet:Schedules:x:Args: '{bad' is not a JSON object")]
    public async Task Start_Refused_ReadsAsAFewLinesAndLeavesNothingBehind(string mistake, string said)
    {
        var refused = await Assert.ThrowsAsync<FleetStartException>(() => StartAsync(mistake));

        Assert.StartsWith("Fleet did not start: " + said, refused.ToString(), StringComparison.Ordinal);
        Assert.InRange(refused.ToString().Split('\n').Length, 1, 3);
        Assert.All(_log.Lines, line => Assert.DoesNotContain("   at ", line, StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    /// <summary>What a check of the database refuses: the tables are there, and nothing is in them.</summary>
    [Theory]
    [InlineData("args")]
    [InlineData("never")]
    public async Task Start_RefusedByWhatIsStored_HasRegisteredNoWorkerAndNoSchedule(string mistake)
    {
        await Assert.ThrowsAsync<FleetStartException>(() => StartAsync(mistake));

        using var host = Build("nothing");
        await using var db = host.Services.GetRequiredService<IStorage>().Read();
        Assert.Equal(
            (0, 0, 0, 0),
            (await db.Workers.CountAsync(), await db.Schedules.CountAsync(), await db.Jobs.CountAsync(), await db.Lanes.CountAsync()));
    }

    [Fact]
    public async Task Start_TheDatabaseIsAway_NamesTheSettingOfItsAddress()
    {
        var refused = await Assert.ThrowsAsync<FleetStartException>(() => StartAsync("away"));

        Assert.StartsWith("Fleet did not start: The database cannot be used: ", refused.ToString(), StringComparison.Ordinal);
        Assert.Contains("Fleet:Storage:ConnectionString", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Fleet__Storage__ConnectionString", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(refused.InnerException);
    }

    [Fact]
    public async Task Start_TheSchemaIsMissing_SaysWhatToRun()
    {
        var refused = await Assert.ThrowsAsync<FleetStartException>(() => StartAsync("schema"));

        Assert.Equal(
            "Fleet did not start: The database has no tables of Fleet yet. Run 'fleet db migrate'.", refused.ToString());
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    /// <summary>Its stack is what its authors need.</summary>
    [Fact]
    public void AddFleet_TheProgramsOwnCodeThrows_IsNotPutInWords() => Assert.Equal(
        "mine",
        Assert.Throws<InvalidOperationException>(
            () => NewBuilder().AddFleet(_ => throw new InvalidOperationException("mine"))).Message);

    private async Task StartAsync(string mistake)
    {
        using var host = Build(mistake);
        await host.StartAsync();
        await host.StopAsync();
    }

    private IHost Build(string mistake)
    {
        var builder = NewBuilder(mistake switch
        {
            "setting" => [new("Fleet:Worker:Drain", "2d")],
            "unknown" => [new("Fleet:Worker:Drian", "1m")],
            "provider" => [new("Fleet:Storage:Provider", "Oracle")],
            "configured" =>
                [new("Fleet:Schedules:x:Job", "x"), new("Fleet:Schedules:x:Every", "1h"), new("Fleet:Schedules:x:Args", "{bad")],
            "args" =>
            [
                new("Fleet:Schedules:x:Job", "diag.sleep"), new("Fleet:Schedules:x:Every", "1h"),
                new("Fleet:Schedules:x:Args", """{"ms":"x"}"""),
            ],
            "away" =>
            [
                new("Fleet:Storage:Provider", "Postgres"),
                new("Fleet:Storage:ConnectionString", "Host=127.0.0.1;Port=1;Username=x;Password=y"),
            ],
            "schema" => [new("Fleet:Storage:MigrateAtStart", "false")],
            _ => [],
        });
        builder.AddFleet(fleet =>
        {
            fleet.RunsJobs(o =>
            {
                o.Diagnostics = true;
                if (mistake == "code")
                    o.Lease = TimeSpan.FromSeconds(1);
            }).Leads();
            _ = mistake switch
            {
                "constructor" => fleet.AddJobs(jobs => jobs.Add<NeedyJob>()),
                "handler" => WithoutHandler(fleet),
                "schedule" => fleet.AddSchedules(s => s.Cron("bad", "61 * * * *", new Scripted())),
                "never" => fleet.AddSchedules(s => s.Once("past", DateTimeOffset.UnixEpoch, new Scripted())),
                _ => fleet,
            };
        });
        return builder.Build();
    }

    private HostApplicationBuilder NewBuilder(params KeyValuePair<string, string?>[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddLogging().AddSingleton<ILoggerProvider>(_log);
        return builder;
    }

    private static FleetBuilder WithoutHandler(FleetBuilder fleet)
    {
        fleet.Services.AddSingleton(new FoundJob(typeof(Needy), "test.needy"));
        return fleet;
    }

    private interface INowhere;

    [Job("test.needy")]
    private sealed record Needy;

    private sealed class NeedyJob(INowhere nowhere) : IJob<Needy>
    {
        public Task RunAsync(Needy args, JobContext context, CancellationToken ct) => Task.FromResult(nowhere);
    }
}
