using Fleet.Client;
using Fleet.Testing;

namespace Fleet.Tests.Docs;

/// <summary>The code of docs/testing.md, docs/schedules.md and docs/events.md, so that it compiles. <see cref="SnippetsTests"/>
/// compares.</summary>
internal static class TestingSnippets
{
    public static async Task AYear()
    {
        await using var fleet = await VirtualFleet.StartAsync(
            new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
            services => services
                .AddFleetJobs(jobs => jobs.Add<DailyReportJob>())
                .AddFleetSchedules(s => s.Cron("nightly", "30 2 * * *", new DailyReport(), zone: "Europe/Berlin")));

        await fleet.RunUntilAsync(new DateTimeOffset(2026, 12, 31, 0, 0, 0, TimeSpan.Zero));

        var runs = await fleet.GetRunsAsync();
        Assert.All(runs.Where(r => r.FireTime <= fleet.Time.GetUtcNow()), r => Assert.Equal(RunState.Succeeded, r.State));
    }

    public static async Task Follow(ILiveEvents events, RunId id, CancellationToken ct)
    {
        await foreach (var run in events.FollowAsync(id, ct))
            Console.WriteLine($"{run.State} {run.Progress:P0} {run.ProgressMessage}");
    }

    [Job("docs.report-of-the-day")]
    private sealed record DailyReport(DateOnly? Day = null);

    private sealed class DailyReportJob : IJob<DailyReport>
    {
        public Task RunAsync(DailyReport args, JobContext context, CancellationToken ct)
        {
            // A run that was triggered by hand has no fire time.
            var day = args.Day ?? DateOnly.FromDateTime((context.FireTime ?? context.DueTime).UtcDateTime);
            context.SetOutput(day);
            return Task.CompletedTask;
        }
    }
}
