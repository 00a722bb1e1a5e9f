using System.Collections.Concurrent;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Engine.Workers;
using Fleet.Testing;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Engine.Workers;

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
        _transport.TakeNudges();

        await listener.OnReadyAsync(waiting, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal<RunId[]>([[waiting[0], waiting[1]], [waiting[2]]], _transport.TakeNudges());
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
        await _transport.LookedAsync(2);
        Assert.Empty(_transport.TakeReady());
        _release.SetResult();
        await handling;

        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(second)).State);
        Assert.Empty(_transport.TakeReady());
    }

    [Fact]
    public async Task HasRoom_RunsExecute_IsWhatTheyLeave()
    {
        await using var fleet = await StartAsync();
        var listener = Listener(fleet);
        Assert.Equal((true, false), (listener.HasRoom(1), listener.HasRoom(2)));

        await listener.OnReadyAsync([await EnqueueAsync(fleet)], CancellationToken.None);

        Assert.False(listener.HasRoom(1));
        _release.SetResult();
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
                services.AddTransport(_transport);
                gate.AddTo(services);
            });
        _transport.Waiting = 1;
        var ids = new RunId[SlotPool.SettlingPerSlot + 2];
        for (var i = 0; i < ids.Length; i++)
            ids[i] = await EnqueueAsync(fleet);
        using var closed = gate.Close();

        // The first four are being settled and have given their slot on; the fifth has ended too, and keeps it.
        var handling = Listener(fleet).OnReadyAsync(ids, CancellationToken.None);
        await _transport.LookedAsync(2);
        Assert.Equal(SlotPool.SettlingPerSlot + 1, Volatile.Read(ref started));
        closed.Dispose();
        await handling;

        foreach (var id in ids)
            Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(id)).State);
    }

    [Fact]
    public async Task OnEarly_TheCommitComesAfterTheNudge_RunsItAtTheNextLook()
    {
        var time = new PauseClock();
        await using var fleet = await StartAsync(time);
        var id = RunId.New(time.GetUtcNow());
        _release.SetResult();

        var handling = Listener(fleet).OnEarlyAsync([id], CancellationToken.None);
        await time.PausedAsync();
        Assert.False(handling.IsCompleted);
        await fleet.InsertAsync("test.scripted", "{}", id: id);
        time.Advance(EnqueueRuns.QuickCommit);
        await handling.WaitAsync(TimeSpan.FromSeconds(30));

        await fleet.AdvanceUntilAsync(time, id, RunState.Succeeded);
        Assert.Single(time.Pauses);
    }

    [Fact]
    public async Task OnEarly_NoCommitComes_DropsTheNudgeNoSoonerThanItIsSentAgain()
    {
        var time = new PauseClock();
        await using var fleet = await StartAsync(time);

        var handling = Listener(fleet).OnEarlyAsync([RunId.New(time.GetUtcNow())], CancellationToken.None);
        await time.AdvanceUntilAsync(() => handling.IsCompleted);
        await handling;

        Assert.Equal([1, 2, 4], time.Pauses.Select(p => p.TotalMilliseconds));
        Assert.True(time.Pauses.Aggregate((a, b) => a + b) >= EnqueueRuns.QuickCommit);
    }

    [Fact]
    public async Task OnEarly_WorkerStopsInAPause_LeavesTheNudgeToOthers()
    {
        var time = new PauseClock();
        await using var fleet = await StartAsync(time);
        using var stopping = new CancellationTokenSource();

        var handling = Listener(fleet).OnEarlyAsync([RunId.New(time.GetUtcNow())], stopping.Token);
        await time.PausedAsync();
        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => handling);
    }

    private Task<EmbeddedFleet> StartAsync(FakeTimeProvider? time = null) => ScriptedFleet.StartAsync(
        new Script(_ => _release.Task), time, settings: ["Worker:Lanes:other=1"], configure: services => services.AddTransport(_transport));

    /// <summary>One that has a single slot, beside those of the worker service.</summary>
    private static LaneListener Listener(EmbeddedFleet fleet) =>
        ActivatorUtilities.CreateInstance<LaneListener>(fleet.Services, "default", 1, 1, NullLogger.Instance);

    /// <summary>Stores a run; its nudge is not what the test waits for.</summary>
    private async Task<RunId> EnqueueAsync(EmbeddedFleet fleet)
    {
        // Not alone: it would be nudged before its commit, and again after a slow one.
        var id = (await fleet.Client.EnqueueManyAsync([new Scripted()]))[0];
        Assert.Equal(("default", id), await _transport.NextAsync());
        return id;
    }

    /// <summary>A clock that stands still, and keeps the pauses of some milliseconds that somebody began.</summary>
    private sealed class PauseClock() : FakeTimeProvider(ScriptedFleet.Clock().GetUtcNow())
    {
        private readonly Tally _pauses = new();

        public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

        public Task PausedAsync() => _pauses.ReachesAsync(1);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime > TimeSpan.Zero && dueTime < TimeSpan.FromMilliseconds(10))
            {
                Pauses.Enqueue(dueTime);
                _pauses.Add();
            }

            return timer;
        }
    }
}
