using Fleet.Core.Lanes;
using Fleet.Core.Runs;
using Fleet.Tests.Support;
using Fleet.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Tests.Worker;

/// <summary>What becomes of a nudge that finds no free slot, where other workers listen too.</summary>
public sealed class LaneListenerTests
{
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ScriptedTransport _transport = new();

    [Fact]
    public async Task OnReady_NoSlotAndTheLaneIsDrained_GivesTheNudgeBackInHalves()
    {
        await using var fleet = await StartAsync();
        var listener = Listener(fleet);
        await listener.OnReadyAsync([await EnqueueAsync(fleet)], CancellationToken.None);
        RunId[] waiting = [await EnqueueAsync(fleet), await EnqueueAsync(fleet), await EnqueueAsync(fleet)];

        await listener.OnReadyAsync(waiting, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal([waiting[0], waiting[1]], _transport.TakeReady().Select(n => n.Id).Take(2));
        _release.SetResult();
    }

    [Fact]
    public async Task OnReady_NoSlotAndOthersWaitInTheLane_KeepsItsPlace()
    {
        await using var fleet = await StartAsync();
        var listener = Listener(fleet);
        await listener.OnReadyAsync([await EnqueueAsync(fleet)], CancellationToken.None);
        _transport.Waiting = 1;
        var second = await EnqueueAsync(fleet);

        var handling = listener.OnReadyAsync([second], CancellationToken.None);
        await Waiting.UntilAsync(() => _transport.Looks >= 2);
        Assert.Empty(_transport.TakeReady());
        _release.SetResult();
        await handling;

        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(second)).State);
        Assert.Empty(_transport.TakeReady());
    }

    [Fact]
    public async Task OnReady_RunsBeforeAreBeingSettled_ClaimsTheNextUntilTooManyAre()
    {
        var started = 0;
        var gate = new StorageGate<IReadOnlyList<SettleOutcome>>();
        await using var fleet = await ScriptedFleet.StartAsync(
            new Script(_ =>
            {
                Interlocked.Increment(ref started);
                return Task.CompletedTask;
            }),
            settings: ["Worker:Lanes:other=1"],
            configure: services =>
            {
                services.AddSingleton<ILaneTransport>(_transport);
                gate.AddTo(services);
            });
        _transport.Waiting = 1;
        var ids = new RunId[SlotPool.SettlingPerSlot + 2];
        for (var i = 0; i < ids.Length; i++)
            ids[i] = await EnqueueAsync(fleet);
        using var closed = gate.Close();

        // The first four are being settled and have given their slot on; the fifth has ended too, and keeps it.
        var handling = Listener(fleet).OnReadyAsync(ids, CancellationToken.None);
        await Waiting.UntilAsync(() => _transport.Looks >= 2);
        Assert.Equal(SlotPool.SettlingPerSlot + 1, Volatile.Read(ref started));
        closed.Dispose();
        await handling;

        foreach (var id in ids)
            Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(id)).State);
    }

    private Task<EmbeddedFleet> StartAsync() => ScriptedFleet.StartAsync(
        new Script(_ => _release.Task), settings: ["Worker:Lanes:other=1"], configure: services => services.AddSingleton<ILaneTransport>(_transport));

    /// <summary>One that has a single slot, beside those of the worker service.</summary>
    private static LaneListener Listener(EmbeddedFleet fleet) =>
        ActivatorUtilities.CreateInstance<LaneListener>(fleet.Services, "default", 1, 1, NullLogger.Instance);

    /// <summary>Stores a run; its nudge is not what the test waits for.</summary>
    private async Task<RunId> EnqueueAsync(EmbeddedFleet fleet)
    {
        var id = await fleet.Client.EnqueueAsync(new Scripted());
        Assert.Equal(("default", id), await _transport.NextAsync());
        return id;
    }
}
