using Fleet.Core.Lanes;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Gates;

/// <summary>Pending → Running for due runs that have to pass gates: locks the keys, decides for the set, claims the runs that pass. Runs
/// that arrive together share one transaction.</summary>
/// <remarks>A run that has to wait keeps its row and loses its nudge. The end of the run before it nudges it
/// (<see cref="PassOnAsync"/>); if that nudge is lost, <see cref="Reconcile"/> sends it again.</remarks>
public sealed class PassGates : IRunGates, IAsyncDisposable
{
    private readonly IStorage _storage;
    private readonly IGate[] _gates;
    private readonly IControlChannel _control;
    private readonly NudgePublisher _nudges;
    private readonly TimeProvider _time;
    private readonly GroupCommit<Request, Answer> _group;

    /// <param name="storage">The database.</param>
    /// <param name="gates">In the order in which their keys are locked.</param>
    /// <param name="control">Tells workers to stop runs.</param>
    /// <param name="nudges">Nudges the runs that may start next.</param>
    /// <param name="time">The clock.</param>
    public PassGates(IStorage storage, IEnumerable<IGate> gates, IControlChannel control, NudgePublisher nudges, TimeProvider time)
    {
        (_storage, _gates, _control, _nudges, _time) = (storage, [.. gates], control, nudges, time);
        _group = new("gate", FlushAsync, storage.JudgeBatch);
    }

    public async Task<ClaimOutcome> ClaimAsync(WorkerId worker, PendingRun run, CancellationToken ct)
    {
        var (outcome, stopped) = await _group.AddAsync(new(worker, run), ct);
        // The quick way: if this message is lost, the heartbeat of the worker finds the request in the row.
        if (stopped.Count > 0)
            await _control.PublishControlAsync(new ControlMessage(CancelRuns: stopped, By: OverlapGate.Overlap.ToRow()), ct);
        return outcome;
    }

    public async Task PassOnAsync(RunId ended, CancellationToken ct)
    {
        var next = await _storage.AutocommitAsync(
            async session =>
            {
                var found = new List<Nudge>();
                foreach (var gate in _gates.Where(g => g.PassesOn))
                    found.AddRange(await gate.FindNextAsync(session, ended, _time.GetUtcNow(), ct));
                return found;
            },
            ct);
        if (next.Count > 0)
            _nudges.Publish(next);
    }

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    private Task<IReadOnlyList<Answer>> FlushAsync(IReadOnlyList<Request> requests, CancellationToken ct) => _storage.WriteRetryingAsync(
        async session =>
        {
            // In one process all requests carry the same worker, except while it takes a new identity.
            var answers = new Answer[requests.Count];
            foreach (var group in Enumerable.Range(0, requests.Count).GroupBy(i => requests[i].Worker))
            {
                var pass = new GatePass(session, group.Key, _time.GetUtcNow());
                int[] indexes = [.. group];
                var outcomes = await ClaimAsync(pass, Array.ConvertAll(indexes, i => requests[i].Run), ct);
                for (var i = 0; i < indexes.Length; i++)
                    answers[indexes[i]] = new Answer(outcomes[i], i == 0 ? pass.Stopped : []);
            }

            return (IReadOnlyList<Answer>)answers;
        },
        ct);

    private async Task<ClaimOutcome[]> ClaimAsync(GatePass pass, PendingRun[] runs, CancellationToken ct)
    {
        // The same nudge may have come twice.
        PendingRun[] candidates = [.. runs.DistinctBy(r => r.Id)];
        var waiting = new Dictionary<RunId, GateDecision>();
        foreach (var gate in _gates)
        {
            PendingRun[] concerned = [.. candidates.Where(r => !waiting.ContainsKey(r.Id) && gate.KeyOf(pass.Worker, r) is not null)];
            if (concerned.Length == 0)
                continue;
            var keys = concerned.Select(r => gate.KeyOf(pass.Worker, r)!).Distinct(StringComparer.Ordinal);
            foreach (var key in keys.Order(StringComparer.Ordinal))
                await gate.LockAsync(pass, key, ct);
            var decisions = await gate.DecideAsync(pass, concerned, ct);
            for (var i = 0; i < concerned.Length; i++)
            {
                if (!decisions[i].Passes)
                    waiting.Add(concerned[i].Id, decisions[i]);
            }
        }

        RunId[] passed = [.. runs.Where(r => !waiting.ContainsKey(r.Id)).Select(r => r.Id)];
        var claimed = await _storage.Statements.ClaimAsync(pass.Session, pass.Worker, passed, pass.Now, passedGates: true, ct);
        var next = 0;
        return Array.ConvertAll(
            runs,
            run => waiting.TryGetValue(run.Id, out var decision)
                ? ClaimOutcome.Refused(run, decision.TryAgainAt)
                : PassingOn(claimed[next++], _gates.Any(g => g.PassesOn && g.KeyOf(pass.Worker, run) is not null)));
    }

    private static ClaimOutcome PassingOn(ClaimOutcome outcome, bool passesOn) =>
        passesOn && outcome.Run is { } run ? outcome with { Run = run with { PassesOn = true } } : outcome;

    private readonly record struct Request(WorkerId Worker, PendingRun Run);

    private readonly record struct Answer(ClaimOutcome Outcome, IReadOnlyList<RunId> Stopped);
}
