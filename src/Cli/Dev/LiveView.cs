using Fleet.Cli.Connection;
using Fleet.Cli.Runs;
using Fleet.Client;
using Spectre.Console;

namespace Fleet.Cli.Dev;

/// <summary>The live picture of a server on a terminal. Whoever shows it keeps log lines off the terminal meanwhile.</summary>
public static class LiveView
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);

    /// <summary>Asks the API once a second and draws what it says, until the token trips. A server that does not answer
    /// leaves the last picture with a notice. Returns normally when it is canceled.</summary>
    /// <param name="server">The server's URL.</param>
    /// <param name="data">Where it keeps its data.</param>
    /// <param name="key">The API key; null where none is asked for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ct">Ends the view.</param>
    public static async Task RunAsync(Uri server, string data, string? key, TimeProvider time, CancellationToken ct)
    {
        using var api = new FleetApi(server, AnswerTime, _ => Task.FromResult(key));
        var console = AnsiConsole.Console;
        var snapshot = LiveSnapshot.Empty;
        try
        {
            await console.Live(LiveLayout.Draw(snapshot, server, data, console.Profile.Width, console.Profile.Height, time.GetUtcNow()))
                .AutoClear(false)
                .Overflow(VerticalOverflow.Crop)
                .Cropping(VerticalOverflowCropping.Bottom)
                .StartAsync(async live =>
                {
                    var size = (console.Profile.Width, console.Profile.Height);
                    while (!ct.IsCancellationRequested)
                    {
                        // A resized window has wrapped the old picture, and drawing over it would leave pieces behind.
                        var before = size;
                        size = (console.Profile.Width, console.Profile.Height);
                        if (size != before)
                            console.Clear(home: true);
                        snapshot = await snapshot.NextAsync(api, time.GetUtcNow(), ct);
                        live.UpdateTarget(
                            LiveLayout.Draw(snapshot, server, data, console.Profile.Width, console.Profile.Height, time.GetUtcNow()));
                        await Task.Delay(Pause, time, ct);
                    }
                });
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The way this view ends.
        }
    }
}

/// <summary>What the live view knows of the server.</summary>
/// <param name="Schedules">The next to fire first.</param>
/// <param name="Lanes">The busiest first.</param>
/// <param name="Runs">Those under way first, then what ended last, then what comes next.</param>
/// <param name="Problem">Why the rest is old; null when it is fresh.</param>
public sealed record LiveSnapshot(
    IReadOnlyList<ScheduleView> Schedules, IReadOnlyList<LaneView> Lanes, IReadOnlyList<RunView> Runs, string? Problem)
{
    // The newest rows are mostly what the scheduler planned ahead; those that somebody waits for stand behind them.
    private const int NewestRuns = 100;

    /// <summary>Before the first answer.</summary>
    public static LiveSnapshot Empty { get; } = new([], [], [], "Waiting for the server …");

    /// <summary>Asks again.</summary>
    /// <returns>The new picture, or this one with the reason why there is none.</returns>
    public async Task<LiveSnapshot> NextAsync(FleetApi api, DateTimeOffset now, CancellationToken ct)
    {
        try
        {
            var schedules = api.Read(await api.GetAsync("schedules", ct), ApiJson.Default.Schedules);
            var lanes = api.Read(await api.GetAsync("lanes", ct), ApiJson.Default.Lanes);
            var runs = api.Read(await api.GetAsync($"runs?limit={NewestRuns}", ct), ApiJson.Default.Runs);
            return new LiveSnapshot(
                [.. schedules.Items.OrderBy(s => s.NextFireAt ?? DateTimeOffset.MaxValue).ThenBy(s => s.Id, StringComparer.Ordinal)],
                [.. lanes.Items.OrderByDescending(l => l.Running.Value + l.Ready.Value).ThenBy(l => l.Name, StringComparer.Ordinal)],
                Sort(runs.Items, now),
                Problem: null);
        }
        catch (CommandFailedException e)
        {
            return this with { Problem = e.Message };
        }
    }

    private static List<RunView> Sort(IReadOnlyList<RunView> runs, DateTimeOffset now)
    {
        var active = runs.Where(r => !r.Ended && (r.State == "running" || r.DueAt <= now)).OrderByDescending(r => r.State == "running")
            .ThenByDescending(ListRuns.When);
        var ended = runs.Where(r => r.Ended).OrderByDescending(ListRuns.When);
        var planned = runs.Where(r => r.State == "pending" && r.DueAt > now).OrderBy(r => r.DueAt);
        return [.. active.Concat(ended).Concat(planned).Take(LiveLayout.MaxRuns)];
    }
}
