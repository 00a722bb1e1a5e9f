using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Engine.Execution;

/// <summary>A long job on a schedule of one second, with each overlap policy.</summary>
public sealed class OverlapTests
{
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Allow_LongJob_RunsBesideItself()
    {
        var (script, fleet) = await StartAsync(OverlapPolicy.Allow, _ => _release.Task);
        await using var _ = fleet;

        await script.NextAsync();
        await script.NextAsync();

        Assert.Equal(2, script.MostAtOnce);
        _release.SetResult();
    }

    [Fact]
    public async Task Skip_LongJob_LeavesOutWhatComesDueMeanwhileAndSaysSo()
    {
        var (script, fleet) = await StartAsync(OverlapPolicy.Skip, call => call.Number == 1 ? _release.Task : Task.CompletedTask);
        await using var _ = fleet;
        var first = await script.NextAsync();

        await Waiting.UntilAsync(async () => (await RunsAsync(fleet)).Count(r => r.State == RunState.Canceled) >= 2);
        _release.SetResult();
        var next = await script.NextAsync();

        Assert.Equal(1, script.MostAtOnce);
        var skipped = (await RunsAsync(fleet)).Where(r => r.State == RunState.Canceled).ToList();
        Assert.All(skipped, r => Assert.Equal($"Skipped: run {first.Context.RunId} of the schedule had not ended.", r.Error));
        Assert.True(next.Context.FireTime > skipped.Max(r => r.FireTime));
    }

    [Fact]
    public async Task Queue_LongJob_RunsTheOthersAfterItInOrder()
    {
        var (script, fleet) = await StartAsync(OverlapPolicy.Queue, call => call.Number == 1 ? _release.Task : Task.CompletedTask);
        await using var _ = fleet;
        var first = await script.NextAsync();

        await Waiting.UntilAsync(() => Task.FromResult(TimeProvider.System.GetUtcNow() > first.Context.FireTime!.Value.AddSeconds(3)));
        _release.SetResult();

        for (var i = 1; i <= 3; i++)
            Assert.Equal(first.Context.FireTime!.Value.AddSeconds(i), (await script.NextAsync()).Context.FireTime);
        Assert.Equal(1, script.MostAtOnce);
    }

    [Fact]
    public async Task Replace_LongJob_IsCanceledByTheNext()
    {
        var (script, fleet) = await StartAsync(
            OverlapPolicy.Replace, call =>
                call.Number < 3 ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Token) : Task.CompletedTask);
        await using var _ = fleet;

        var first = await script.NextAsync();
        var second = await script.NextAsync();
        await script.NextAsync();

        Assert.Equal(1, script.MostAtOnce);
        var replaced = await fleet.WaitAsync(first.Context.RunId);
        Assert.Equal((RunState.Canceled, $"Replaced by run {second.Context.RunId}."), (replaced.State, replaced.Error));
    }

    private static async Task<(Script Script, EmbeddedFleet Fleet)> StartAsync(OverlapPolicy overlap, Func<Call, Task> body)
    {
        var script = new Script(body);
        var fleet = await ScriptedFleet.StartAsync(script);
        await fleet.Services.GetRequiredService<PutSchedules>().ExecuteAsync(
            new ScheduleRequest { Id = "long", Job = "test.scripted", Trigger = new TriggerSpec { Every = "1s" }, Overlap = overlap },
            "api", Somebody.Me, CancellationToken.None);
        return (script, fleet);
    }

    private static async Task<List<Run>> RunsAsync(EmbeddedFleet fleet)
    {
        await using var db = fleet.Storage.Read();
        return await db.Runs.AsNoTracking().Where(r => r.ScheduleId == "long").ToListAsync();
    }
}
