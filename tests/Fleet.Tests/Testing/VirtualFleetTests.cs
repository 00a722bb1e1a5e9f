using System.Diagnostics;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage;
using Fleet.Testing;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Testing;

/// <summary>A job of these tests: does what its word says.</summary>
[Job("virtual.act")]
public sealed record Act(string Word = "");

/// <summary>The same in a lane of its own, with a timeout.</summary>
[Job("virtual.limited", Lane = "narrow", Timeout = "00:20:00", MaxAttempts = 1)]
public sealed record Limited(string Word = "");

[Event("virtual.said")]
public sealed record Said(string Word);

/// <summary>What handlers did, with the time they saw.</summary>
internal sealed class Diary
{
    private readonly Lock _lock = new();

    public List<string> Lines { get; } = [];

    public void Write(string line)
    {
        lock (_lock)
            Lines.Add(line);
    }
}

internal sealed class ActJob(TimeProvider time, Diary diary, IFleetClient fleet) : IJob<Act>
{
    public async Task RunAsync(Act args, JobContext context, CancellationToken ct)
    {
        diary.Write($"{context.Schedule} {args.Word} {time.GetUtcNow():MM-dd HH:mm:ss}".Trim());
        switch (args.Word.Split(' ')[0])
        {
            case "wait":
                await Task.Delay(TimeSpan.Parse(args.Word[5..]), time, ct);
                diary.Write($"{context.Schedule} waited {time.GetUtcNow():MM-dd HH:mm:ss}".Trim());
                break;
            case "flaky" when context.Attempt < 3:
                throw new InvalidOperationException("Not yet.");
            case "snooze" when context.DueTime == context.FireTime:
                throw context.Snooze(TimeSpan.FromHours(2));
            case "follow":
                await context.EnqueueAsync(new Act("followed"), new() { Delay = TimeSpan.FromMinutes(5) }, ct);
                await context.PublishAsync(new Said("hello"), ct);
                break;
            case "enqueue":
                await fleet.EnqueueAsync(new Act("enqueued"), ct: ct);
                await Task.Delay(TimeSpan.FromMinutes(1), time, ct);
                break;
            case "effect":
                var table = context.Attempt == 1 ? "no_table" : "effects";
                context.Effect($"INSERT INTO {table} (word) VALUES (@word)", new { word = args.Word });
                break;
            case "log":
                context.Log.Information("kept");
                break;
        }
    }
}

internal sealed class LimitedJob(TimeProvider time) : IJob<Limited>
{
    public Task RunAsync(Limited args, JobContext context, CancellationToken ct) => args.Word switch
    {
        "hang" => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct),
        "timer" => Task.Delay(TimeSpan.FromHours(1), time, ct),
        _ => Task.Delay(TimeSpan.Parse(args.Word), time, ct),
    };
}

internal sealed class StuckJob : IJob<StuckJob.Args>
{
    [Job("virtual.stuck")]
    public sealed record Args;

    public Task RunAsync(Args args, JobContext context, CancellationToken ct) =>
        Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
}

public sealed class VirtualFleetTests
{
    private static readonly DateTimeOffset NewYear = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task RunUntil_AYearOfHourlyAndDailyRuns_TakesSeconds()
    {
        var (fleet, _) = await StartAsync(
            s => s.Cron("hourly", "0 * * * *", new Act()).Cron("daily", "30 2 * * *", new Act(), zone: "Europe/Berlin"));
        await using var own = fleet;
        var start = Stopwatch.GetTimestamp();

        await fleet.RunUntilAsync(NewYear.AddYears(1));

        var took = Stopwatch.GetElapsedTime(start);
        TestContext.Current.TestOutputHelper!.WriteLine($"A year took {took.TotalSeconds:0.0} s.");
        var runs = (await fleet.GetRunsAsync()).Where(r => r.FireTime <= NewYear.AddYears(1)).ToList();
        Assert.Equal((8760, 365), (runs.Count(r => r.Schedule == "hourly"), runs.Count(r => r.Schedule == "daily")));
        Assert.All(
            runs, r => Assert.Equal((RunState.Succeeded, 1, r.FireTime, r.FireTime), (r.State, r.Attempts, r.StartedAt, r.FinishedAt)));
        // The days on which the clock is moved.
        var daily = runs.Where(r => r.Schedule == "daily").Select(r => r.FireTime!.Value).ToList();
        Assert.Contains(new DateTimeOffset(2026, 3, 29, 1, 0, 0, TimeSpan.Zero), daily);
        Assert.Contains(new DateTimeOffset(2026, 10, 25, 0, 30, 0, TimeSpan.Zero), daily);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task RunUntil_Handlers_SeeTheVirtualTimeInDueOrder()
    {
        var (fleet, diary) = await StartAsync(
            s => s.Every("b", "1h", new Act()).Every("a", "1h", new Act()).Cron("c", "30 1 * * *", new Act()));
        await using var own = fleet;

        await fleet.RunForAsync(TimeSpan.FromHours(2));

        Assert.Equal(
            ["a  01-01 01:00:00", "b  01-01 01:00:00", "c  01-01 01:30:00", "a  01-01 02:00:00", "b  01-01 02:00:00"], diary.Lines);
        Assert.Equal(NewYear.AddHours(2), fleet.Time.GetUtcNow());
    }

    [Fact]
    public async Task RunUntil_Twice_HappensAlike()
    {
        var first = await OnceAsync();

        Assert.Equal(first, await OnceAsync());
        Assert.True(first.Count > 100, $"{first.Count} lines");

        static async Task<List<string>> OnceAsync()
        {
            var (fleet, diary) = await StartAsync(s =>
            {
                foreach (var i in Enumerable.Range(0, 20))
                    s.Every($"s{i:00}", i % 2 == 0 ? "1h" : "30m",
                        new Act(i % 3 == 0 ? "flaky" : i % 5 == 0 ? "wait 00:45:00" : "enqueue"));
            });
            await using var own = fleet;
            await fleet.RunForAsync(TimeSpan.FromHours(3));
            return [.. diary.Lines];
        }
    }

    [Fact]
    public async Task RunUntil_FailingHandler_IsTriedAgainByThePolicy()
    {
        var (fleet, _) = await StartAsync(s => s.Once("flaky", NewYear.AddHours(1), new Act("flaky")));
        await using var own = fleet;

        await fleet.RunForAsync(TimeSpan.FromHours(1));
        Assert.Equal((RunState.Pending, 1), Of(Assert.Single(await fleet.GetRunsAsync())));
        await fleet.RunForAsync(TimeSpan.FromMinutes(1));

        // After one second, then after two.
        var run = Assert.Single(await fleet.GetRunsAsync());
        Assert.Equal((RunState.Succeeded, 3), Of(run));
        Assert.Equal(NewYear.AddHours(1).AddSeconds(3), run.StartedAt);

        static (RunState, int) Of(VirtualRun run) => (run.State, run.Attempts);
    }

    [Fact]
    public async Task RunUntil_Effect_IsAppliedAndABadOneIsTriedAgainByThePolicy()
    {
        var (fleet, _) = await StartAsync(s => s.Once("effect", NewYear.AddHours(1), new Act("effect")));
        await using var own = fleet;
        var storage = fleet.Services.GetRequiredService<IStorage>();
        await storage.WriteAsync(
            session => session.ExecuteAsync("CREATE TABLE effects (word text)"), CancellationToken.None);

        await fleet.RunForAsync(TimeSpan.FromHours(2));

        var run = Assert.Single(await fleet.GetRunsAsync());
        Assert.Equal((RunState.Succeeded, 2, NewYear.AddHours(1).AddSeconds(1)), (run.State, run.Attempts, run.StartedAt));
        var rows = await storage.WriteAsync(
            session => session.QueryAsync("SELECT word FROM effects", r => r.GetString(0)), CancellationToken.None);
        Assert.Equal(["effect"], rows);
    }

    [Fact]
    public async Task RunUntil_HandlerWaits_TheClockGoesOnAndOthersRunMeanwhile()
    {
        var (fleet, diary) = await StartAsync(
            s => s.Once("long", NewYear.AddHours(1), new Act("wait 03:00:00")).Cron("short", "0 2 * * *", new Act()));
        await using var own = fleet;

        await fleet.RunForAsync(TimeSpan.FromHours(2.5));
        Assert.Equal(RunState.Running, (await fleet.GetRunsAsync())[0].State);
        await fleet.RunForAsync(TimeSpan.FromHours(2.5));

        Assert.Equal(["long wait 03:00:00 01-01 01:00:00", "short  01-01 02:00:00", "long waited 01-01 04:00:00"], diary.Lines);
        var run = (await fleet.GetRunsAsync())[0];
        Assert.Equal((NewYear.AddHours(1), NewYear.AddHours(4)), (run.StartedAt, run.FinishedAt));
    }

    [Fact]
    public async Task RunUntil_OneSlot_MakesRunsWaitForEachOther()
    {
        var (fleet, _) = await StartAsync(
            s => s.Every("slow", "10m", new Limited("00:15:00")), settings: new() { ["Fleet:Worker:Lanes:narrow"] = "1" });
        await using var own = fleet;

        await fleet.RunForAsync(TimeSpan.FromMinutes(56));

        var started = (await fleet.GetRunsAsync()).Where(r => r.StartedAt is not null)
            .Select(r => (r.StartedAt!.Value - NewYear).TotalMinutes);
        Assert.Equal([10, 25, 40, 55], started);
    }

    [Fact]
    public async Task RunUntil_ALaneThatNobodyServes_KeepsNoOtherWaiting()
    {
        var (fleet, diary) = await StartAsync(s => s.Once("s", NewYear.AddHours(1), new Act()));
        await using var own = fleet;
        await fleet.Client.EnqueueManyAsync(Enumerable.Range(0, 300).Select(_ => new Act("lost")).ToList(), new() { Lane = "nobody" });

        await fleet.RunForAsync(TimeSpan.FromHours(1));

        Assert.Equal(["s  01-01 01:00:00"], diary.Lines);
        Assert.Equal(300, (await fleet.GetRunsAsync()).Count(r => r is { Lane: "nobody", State: RunState.Pending, Attempts: 0 }));
    }

    [Theory]
    [InlineData("timer")]
    [InlineData("hang")]
    public async Task RunUntil_JobsTimeout_EndsTheRun(string word)
    {
        var (fleet, _) = await StartAsync(s => s.Once("s", NewYear.AddHours(1), new Limited(word)));
        await using var own = fleet;
        fleet.Patience = TimeSpan.FromMilliseconds(200);

        await fleet.RunForAsync(TimeSpan.FromHours(3));

        var run = Assert.Single(await fleet.GetRunsAsync());
        Assert.Equal((RunState.Failed, NewYear.AddHours(1).AddMinutes(20)), (run.State, run.FinishedAt));
        Assert.Contains("timeout", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunUntil_HandlerThatNothingEnds_IsNamed()
    {
        var (fleet, _) = await StartAsync(s => s.Once("s", NewYear.AddHours(1), new StuckJob.Args()));
        await using var own = fleet;
        fleet.Patience = TimeSpan.FromMilliseconds(200);

        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => fleet.RunForAsync(TimeSpan.FromHours(3)));

        Assert.Contains("'virtual.stuck' hangs at 2026-01-01T01:00:00", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunUntil_FollowUpsSnoozesAndEvents_HappenAtTheirTime()
    {
        var (fleet, diary) = await StartAsync(
            s => s.Once("follow", NewYear.AddHours(1), new Act("follow")).Once("snooze", NewYear.AddHours(1), new Act("snooze")));
        await using var own = fleet;

        await fleet.RunForAsync(TimeSpan.FromHours(4));

        Assert.Equal(
            ["follow follow 01-01 01:00:00", "snooze snooze 01-01 01:00:00", "followed 01-01 01:05:00", "snooze snooze 01-01 03:00:00"],
            diary.Lines);
        Assert.Equal([KeyValuePair.Create("virtual.said", """{"word":"hello"}""")], fleet.Events);
    }

    [Fact]
    public async Task RunUntil_RunsOfCallers_StartWhenTheyAreDue()
    {
        var (fleet, diary) = await StartAsync(_ => { });
        await using var own = fleet;

        var now = await fleet.Client.EnqueueAsync(new Act("log"));
        await fleet.Client.EnqueueAsync(new Act("later"), new() { Delay = TimeSpan.FromDays(40) });
        await fleet.RunForAsync(TimeSpan.FromDays(41));

        Assert.Equal(["log 01-01 00:00:00", "later 02-10 00:00:00"], diary.Lines);
        Assert.Equal(RunState.Succeeded, (await fleet.Client.GetAsync(now))!.State);
    }

    [Fact]
    public async Task RunUntil_PauseAndCancel_TakeEffect()
    {
        var (fleet, diary) = await StartAsync(
            s => s.Every("tick", "1h", new Act()).Once("long", NewYear.AddMinutes(30), new Act("wait 10:00:00")));
        await using var own = fleet;
        await fleet.RunForAsync(TimeSpan.FromHours(2));

        await fleet.Services.GetRequiredService<ControlSchedules>().PauseAsync("tick", until: null, new(Somebody.Me),
            CancellationToken.None);
        await fleet.Client.CancelAsync((await fleet.GetRunsAsync())[0].Id);
        await fleet.RunForAsync(TimeSpan.FromDays(1));

        Assert.Equal(["long wait 10:00:00 01-01 00:30:00", "tick  01-01 01:00:00", "tick  01-01 02:00:00"], diary.Lines);
        var run = (await fleet.GetRunsAsync())[0];
        Assert.Equal((RunState.Canceled, NewYear.AddHours(2)), (run.State, run.FinishedAt));
    }

    [Fact]
    public async Task RunUntil_ThePast_IsRefused()
    {
        var (fleet, _) = await StartAsync(_ => { });
        await using var own = fleet;

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => fleet.RunUntilAsync(NewYear.AddSeconds(-1)));
    }

    [Fact]
    public async Task Start_ScheduleIsRefused_SaysWhy()
    {
        var e = await Assert.ThrowsAsync<InvalidRunException>(() => StartAsync(s => s.Cron("bad", "61 * * * *", new Act())));

        Assert.Equal("cron", e.Error.Field);
    }

    [Fact]
    public async Task Start_ScheduleOfAJobThatTheFleetLacks_SaysSo()
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(s => s.Cron("stray", "* * * * *", new Scripted())));

        Assert.Equal(
            "Schedule 'stray' runs the job 'test.scripted', which this fleet does not have; add its handler with AddFleetJobs.", e.Message);
    }

    private static async Task<(VirtualFleet Fleet, Diary Diary)> StartAsync(
        Action<SchedulesBuilder> schedules, Dictionary<string, string?>? settings = null)
    {
        var diary = new Diary();
        var fleet = await VirtualFleet.StartAsync(
            NewYear,
            services => services.AddSingleton(diary)
                .AddFleetJobs(jobs => jobs.Add<ActJob>().Add<LimitedJob>().Add<StuckJob>())
                .AddFleetSchedules(schedules),
            settings);
        return (fleet, diary);
    }
}
