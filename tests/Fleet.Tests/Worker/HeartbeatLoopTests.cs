using Fleet.Core.Lanes;
using Fleet.Core.Runs;
using Fleet.Core.Workers;
using Fleet.Tests.Support;
using Fleet.Worker;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Worker;

/// <summary>When a heartbeat looks for runs that the database counts as the worker's and nobody executes: the answer to their claim was lost.</summary>
public sealed class HeartbeatLoopTests
{
    private readonly FakeTimeProvider _time = ScriptedFleet.Clock();

    [Fact]
    public async Task Doubt_AnswerToAClaimWasLost_GivesTheRunBackAtTheSecondBeat()
    {
        await using var fleet = await StartAsync();
        var id = await ClaimUnansweredAsync(fleet);

        // Nothing is in doubt, and the runs under way are shorter than a beat.
        await BeatAsync(fleet, 3);
        Assert.True(await fleet.IsAsync(id, RunState.Running));

        fleet.Services.GetRequiredService<HeartbeatLoop>().Doubt();
        await BeatAsync(fleet, 2);
        await IsGivenBackAsync(fleet, id);
    }

    [Fact]
    public async Task Beat_NobodyDoubts_LooksAllTheSameOnceInAWhile()
    {
        await using var fleet = await StartAsync();
        var id = await ClaimUnansweredAsync(fleet);

        await BeatAsync(fleet, HeartbeatLoop.MaxBlindBeats + 2);

        await IsGivenBackAsync(fleet, id);
    }

    [Fact]
    public async Task Claim_NudgeOfARunThatThisWorkerHoldsAlready_IsInDoubt()
    {
        await using var fleet = await StartAsync();
        var id = await ClaimUnansweredAsync(fleet);

        await fleet.Services.GetRequiredService<ILaneTransport>().SendReadyAsync("default", [id], CancellationToken.None);
        // When one that came after it has ended, it was looked at, or soon is.
        var other = await fleet.Client.EnqueueAsync(new Scripted());
        await Waiting.UntilAsync(() => fleet.IsAsync(other, RunState.Succeeded));
        await BeatAsync(fleet, HeartbeatLoop.MaxBlindBeats / 2);

        await IsGivenBackAsync(fleet, id);
    }

    private static Task IsGivenBackAsync(EmbeddedFleet fleet, RunId id) => Waiting.UntilAsync(
        async () => (await fleet.AttemptsAsync(id)).Any(a => a is { Number: 1, Outcome: AttemptOutcome.Released }));

    /// <summary>A fleet whose worker has had its first beat, which looks in any case.</summary>
    private async Task<EmbeddedFleet> StartAsync()
    {
        var fleet = await ScriptedFleet.StartAsync(new Script(_ => Task.CompletedTask), _time);
        await BeatAsync(fleet, 1);
        return fleet;
    }

    /// <summary>Claims a run for the worker behind its back, as when it never hears of it.</summary>
    private async Task<RunId> ClaimUnansweredAsync(EmbeddedFleet fleet)
    {
        var worker = fleet.Services.GetRequiredService<WorkerIdentity>().Id;
        var id = await fleet.InsertAsync("test.scripted", "{}");
        await fleet.Storage.WriteAsync(
            scope => fleet.Storage.Statements.ClaimAsync(scope.Transaction, worker, [id], _time.GetUtcNow(), inTurn: false, CancellationToken.None),
            CancellationToken.None);
        return id;
    }

    /// <summary>Lets so many heartbeats go by.</summary>
    private async Task BeatAsync(EmbeddedFleet fleet, int beats)
    {
        var loop = fleet.Services.GetRequiredService<HeartbeatLoop>();
        for (var i = 0; i < beats; i++)
        {
            var before = await AtAsync();
            _time.Advance(TimeSpan.FromMilliseconds(10));
            loop.Wake();
            await Waiting.UntilAsync(async () => await AtAsync() > before);
        }

        async Task<DateTimeOffset> AtAsync()
        {
            await using var db = fleet.Storage.Read();
            return await db.Workers.AsNoTracking().Where(w => w.State == WorkerState.Active).Select(w => w.HeartbeatAt).SingleAsync();
        }
    }
}
