// CA1848: these lines are written as most people's handlers write them.
#pragma warning disable CA1848
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Engine.Execution;

/// <summary>What a handler writes to an <see cref="ILogger"/> is kept with its run.</summary>
public sealed class HandlerLinesTests
{
    [Fact]
    public async Task Logger_InTheHandlerAndBelow_IsKeptInOrderWithItsLevel()
    {
        await using var fleet = await StartAsync(async (loggers, word, context) =>
        {
            Of(loggers).LogInformation("one {Number}", 1);
            context.Log.Warning("two");
            await Task.Run(() => Of(loggers).LogError(new InvalidOperationException("no room"), "three"));
            Of(loggers).LogCritical("four");
        });

        var lines = await RunAsync(fleet, expected: 4);

        Assert.Equal(
            [JobLogLevel.Information, JobLogLevel.Warning, JobLogLevel.Error, JobLogLevel.Error], lines.Select(l => l.Level));
        Assert.Equal(
            ["one 1", "two", "four"], lines.Where(l => !l.Message.StartsWith("three", StringComparison.Ordinal)).Select(l => l.Message));
        Assert.StartsWith(
            $"three{Environment.NewLine}System.InvalidOperationException: no room", lines[2].Message, StringComparison.Ordinal);
        Assert.All(lines, l => Assert.Equal(1, l.Attempt));
    }

    [Fact]
    public async Task Logger_BelowItsLevelOrOfAnotherPart_IsNotKept()
    {
        await using var fleet = await StartAsync((loggers, word, context) =>
        {
            Of(loggers).LogDebug("too quiet");
            loggers.CreateLogger("Microsoft.EntityFrameworkCore.Database.Command").LogInformation("a command");
            loggers.CreateLogger("Fleet.Engine.Execution.ExecuteRuns").LogError("of Fleet itself");
            loggers.CreateLogger("Microsoft.Extensions.Http").LogWarning("kept");
            return Task.CompletedTask;
        });

        Assert.Equal(["kept"], (await RunAsync(fleet, expected: 1)).Select(l => l.Message));
    }

    [Fact]
    public async Task Logger_LevelIsConfigured_KeepsWhatItSays()
    {
        await using var fleet = await StartAsync(
            (loggers, word, context) =>
            {
                Of(loggers).LogDebug("quiet");
                Of(loggers).LogInformation("loud");
                return Task.CompletedTask;
            },
            [new("Logging:FleetRun:LogLevel:Default", "Debug")]);

        Assert.Equal([(JobLogLevel.Debug, "quiet"), (JobLogLevel.Information, "loud")],
            (await RunAsync(fleet, expected: 2)).Select(l => (l.Level, l.Message)));
    }

    [Fact]
    public async Task Logger_AtOnceInTwoRuns_KeepsEachLineWithItsOwn()
    {
        var both = new Barrier(2);
        await using var fleet = await StartAsync(async (loggers, word, context) =>
        {
            await Task.Yield();
            both.SignalAndWait(Waiting.Limit);
            Of(loggers).LogInformation("of {Word}", word);
        });

        var ids = await fleet.Client.EnqueueManyAsync<Talkative>([new("a"), new("b")]);
        foreach (var id in ids)
            await fleet.WaitAsync(id);

        await Waiting.UntilAsync(async () => (await LinesAsync(fleet, ids[0])).Count == 1 && (await LinesAsync(fleet, ids[1])).Count == 1);
        Assert.Equal(["of a", "of b"], [(await LinesAsync(fleet, ids[0]))[0].Message, (await LinesAsync(fleet, ids[1]))[0].Message]);
    }

    private static Task<EmbeddedFleet> StartAsync(
        Func<ILoggerFactory, string, JobContext, Task> body, IEnumerable<KeyValuePair<string, string?>>? settings = null) =>
        EmbeddedFleet.StartAsync(
            services => services.AddSingleton(new Body(body)).AddFleetJobs(jobs => jobs.Add<TalkativeJob>()), settings);

    private static async Task<List<RunLogLine>> RunAsync(EmbeddedFleet fleet, int expected)
    {
        var id = await fleet.Client.EnqueueAsync(new Talkative());
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(id)).State);
        await Waiting.UntilAsync(async () => (await LinesAsync(fleet, id)).Count >= expected);
        return await LinesAsync(fleet, id);
    }

    private static async Task<List<RunLogLine>> LinesAsync(EmbeddedFleet fleet, RunId id)
    {
        await using var db = fleet.Storage.Read();
        return await db.RunLogs.AsNoTracking().Where(l => l.RunId == id).OrderBy(l => l.Id).ToListAsync();
    }

    private static ILogger Of(ILoggerFactory loggers) => loggers.CreateLogger("Shop.Orders");

    private sealed record Body(Func<ILoggerFactory, string, JobContext, Task> Run);

    [Job("test.talkative")]
    private sealed record Talkative(string Word = "");

    private sealed class TalkativeJob(Body body, ILoggerFactory loggers) : IJob<Talkative>
    {
        public Task RunAsync(Talkative args, JobContext context, CancellationToken ct) => body.Run(loggers, args.Word, context);
    }
}
