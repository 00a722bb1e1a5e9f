using Fleet.Core.Gates;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;

namespace Fleet.Tests.Gates;

/// <summary>What <see cref="PassGates"/> promises to every gate: locks in one order, decisions about sets, workers told after the
/// commit.</summary>
public sealed class PassGatesTests() : StorageVerbs(new SqliteDatabase())
{
    private readonly ScriptedGate _first = new();
    private readonly ScriptedGate _second = new();

    [Fact]
    public async Task ClaimAsync_Set_LocksEachKeyOnceInOrdinalOrder()
    {
        var outcomes = await ClaimSetAsync(4, (i, run) => _first.Keys[run.Id] = i < 2 ? "b" : i == 2 ? "B" : "a");

        Assert.All(outcomes, o => Assert.Equal(ClaimStatus.Claimed, o.Status));
        Assert.Equal(["B", "a", "b"], _first.Locked);
    }

    [Fact]
    public async Task ClaimAsync_FirstGateHoldsARun_TheSecondIsNotAskedAboutIt()
    {
        var held = default(RunId);

        var outcomes = await ClaimSetAsync(2, (i, run) =>
        {
            _first.Keys[run.Id] = _second.Keys[run.Id] = "k";
            if (i == 0)
                _first.Decisions[held = run.Id] = GateDecision.WaitUntil(Verbs.Noon.AddMinutes(3), Held);
        });

        Assert.Equal((ClaimStatus.NotDue, Verbs.Noon.AddMinutes(3)), (outcomes[0].Status, outcomes[0].DueAt));
        Assert.Equal(ClaimStatus.Claimed, outcomes[1].Status);
        Assert.Contains(held, _first.Asked);
        Assert.DoesNotContain(held, _second.Asked);
        Assert.Single(_second.Asked);
    }

    /// <summary>The same nudge may come twice.</summary>
    [Fact]
    public async Task ClaimAsync_SameRunTwiceInASet_IsDecidedOnce()
    {
        var outcomes = await ClaimSetAsync(
            2,
            (_, run) =>
            {
                _first.Keys[run.Id] = "k";
                _first.Decisions[run.Id] = GateDecision.WaitUntil(Verbs.Noon.AddMinutes(3), Held);
            },
            times: 2);

        Assert.Equal(4, outcomes.Length);
        Assert.All(outcomes, o => Assert.Equal(ClaimStatus.NotDue, o.Status));
        Assert.Equal(2, _first.Asked.Count);
    }

    [Fact]
    public async Task ClaimAsync_NoKeyAtAGate_TheGateIsNotAsked()
    {
        var outcomes = await ClaimSetAsync(2, (i, run) =>
        {
            if (i == 0)
                _first.Keys[run.Id] = "k";
        });

        Assert.Equal([true, false], outcomes.Select(o => o.Run!.PassesOn));
        Assert.Single(_first.Asked);
        Assert.Empty(_second.Asked);
    }

    [Fact]
    public async Task ClaimAsync_GateStopsARun_TheWorkersAreToldOnceAfterTheCommit()
    {
        var stopped = RunId.New(Verbs.Noon);

        await ClaimSetAsync(3, (i, run) =>
        {
            _first.Keys[run.Id] = "k";
            if (i == 1)
                _first.Stops = stopped;
        });

        Assert.Equal([stopped], Assert.Single(Fleet.Transport.Controls, c => c.CancelRuns is not null).CancelRuns);
    }

    [Fact]
    public async Task PassOnAsync_GateThatPassesOn_NudgesWhatItFinds()
    {
        var next = RunId.New(Verbs.Noon);
        (_first.PassesOn, _first.Next) = (false, RunId.New(Verbs.Noon));
        _second.Next = next;
        await using var gates = Gates();

        await gates.PassOnAsync(RunId.New(Verbs.Noon), CancellationToken.None);

        Assert.Equal(("default", next), await Fleet.Transport.NextAsync());
        Assert.Empty(Fleet.Transport.TakeReady());
    }

    /// <summary>Claims runs that meet at the gates: they arrive while another claim is under way.</summary>
    private async Task<ClaimOutcome[]> ClaimSetAsync(int count, Action<int, PendingRun> prepare, int times = 1)
    {
        await using var gates = Gates();
        var worker = await Fleet.RegisterAsync();
        var (before, runs) = (await PendingAsync(), new List<PendingRun>());
        for (var i = 0; i < count; i++)
        {
            runs.Add(await PendingAsync());
            prepare(i, runs[i]);
        }

        _first.Keys[before.Id] = "before";
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _first.BeforeDecision = open.Task;
        var first = gates.ClaimAsync(worker, before, CancellationToken.None);
        await _first.Entered.Task.WaitAsync(Waiting.Limit);
        _first.Locked.Clear();
        _first.Asked.Clear();
        Task<ClaimOutcome>[] claims =
        [
            .. Enumerable.Repeat(runs, times).SelectMany(all => all).Select(run => gates.ClaimAsync(worker, run, CancellationToken.None)),
        ];
        open.SetResult();
        Assert.Equal(ClaimStatus.Claimed, (await first).Status);
        return await Task.WhenAll(claims);
    }

    private async Task<PendingRun> PendingAsync()
    {
        var id = await Fleet.EnqueueAsync();
        Fleet.Transport.TakeReady();
        return new PendingRun
        {
            Id = id,
            DueAt = Fleet.Now,
            Overlap = OverlapPolicy.Allow,
            Crashes = 0,
            ScheduleId = null,
            Position = Fleet.Now,
        };
    }

    private static GateReason Held => new(GateReasonKind.WaitsForTurn);

    private PassGates Gates() =>
        new(Fleet.Storage, [_first, _second], Fleet.Transport, Fleet.Get<NudgePublisher>(), Time);

    /// <summary>A gate that lets pass what it is not told to hold.</summary>
    private sealed class ScriptedGate : IGate
    {
        public bool PassesOn { get; set; } = true;

        /// <summary>The run that may start when another one has ended.</summary>
        public RunId? Next { get; set; }

        /// <summary>A running run to stop, once.</summary>
        public RunId? Stops { get; set; }

        public Dictionary<RunId, string> Keys { get; } = [];

        public Dictionary<RunId, GateDecision> Decisions { get; } = [];

        public List<string> Locked { get; } = [];

        public List<RunId> Asked { get; } = [];

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task BeforeDecision { get; set; } = Task.CompletedTask;

        public string? KeyOf(WorkerId worker, PendingRun run) => Keys.GetValueOrDefault(run.Id);

        public Task LockAsync(GatePass pass, string key, CancellationToken ct)
        {
            Locked.Add(key);
            return Task.CompletedTask;
        }

        public Task<GateDecision> JudgeAsync(
            StorageSession session, WorkerId worker, PendingRun run, DateTimeOffset now, CancellationToken ct) =>
            Task.FromResult(Decisions.GetValueOrDefault(run.Id, GateDecision.Pass));

        public async Task<IReadOnlyList<GateDecision>> DecideAsync(
            GatePass pass, IReadOnlyList<PendingRun> runs, CancellationToken ct)
        {
            Asked.AddRange(runs.Select(r => r.Id));
            Entered.TrySetResult();
            await BeforeDecision;
            // Not for the run that only keeps the others waiting.
            if (Stops is { } stopped && runs.Count > 1)
                pass.Stop(stopped);
            return [.. runs.Select(r => Decisions.GetValueOrDefault(r.Id, GateDecision.Pass))];
        }

        public Task<IReadOnlyList<Nudge>> FindNextAsync(StorageSession session, RunId ended, DateTimeOffset now, CancellationToken ct) =>
            Task.FromResult<IReadOnlyList<Nudge>>(Next is { } next ? [new Nudge("default", next)] : []);
    }
}
