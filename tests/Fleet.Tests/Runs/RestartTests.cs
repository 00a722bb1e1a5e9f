using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Runs;

/// <summary>In memory, the nudges of staged runs end with the process. The clock of these tests stands still: whatever waits does not
/// happen.</summary>
public sealed class RestartTests : IDisposable
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(20);

    private readonly TempFolder _folder = new();
    private readonly LogRecorder _log = new();
    private readonly Script _script = Script.Of(_ => { });

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Restart_ARunCameDueMeanwhile_StartsInTheFirstRound()
    {
        var id = await StageAsync();

        await using var restarted = await StartAsync(After(Delay));

        Assert.Equal(id, (await _script.NextAsync()).Context.RunId);
        Assert.DoesNotContain(_log.Lines, line => line.Contains("Nudged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Restart_ARunIsDueSoon_StartsWhenItIsDue()
    {
        var id = await StageAsync();
        var time = After(Delay / 2);
        await using var restarted = await StartAsync(time);
        // A later nudge than that of the run would be seen first.
        var now = await restarted.Client.EnqueueAsync(new Scripted());
        Assert.Equal(now, (await _script.NextAsync()).Context.RunId);
        Assert.Equal(RunState.Pending, (await restarted.FindAsync(id))!.State);

        time.Advance(Delay / 2);

        Assert.Equal(id, (await _script.NextAsync()).Context.RunId);
    }

    private static FakeTimeProvider After(TimeSpan time) => new(ScriptedFleet.Clock().GetUtcNow() + time);

    /// <summary>Leaves a run whose nudge waited in the memory of a process that has ended.</summary>
    private async Task<RunId> StageAsync()
    {
        await using var fleet = await StartAsync(After(TimeSpan.Zero));
        var id = await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { Delay = Delay });
        await Waiting.UntilAsync(async () => (await fleet.FindAsync(id))!.Staged);
        return id;
    }

    private Task<EmbeddedFleet> StartAsync(FakeTimeProvider time) =>
        ScriptedFleet.StartAsync(_script, time, folder: _folder, configure: services => services.AddSingleton<ILoggerProvider>(_log));
}
