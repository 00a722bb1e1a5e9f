using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Gates;

/// <summary>A rule about which of the due runs may start now. <see cref="PassGates"/> locks the keys of a gate, lets it decide about a set
/// of runs, and claims those that every gate lets pass.</summary>
/// <remarks>Why gates are a mechanism of their own: such a rule depends on other runs, so it holds only if nobody else decides about the
/// same key at the same time. The claim of runs without a gate pays nothing for it: its statement leaves gated runs out. A gate keeps no
/// counter and no lease of its own; it counts the runs that are running, so a crash leaves nothing wrong behind.</remarks>
public interface IGate
{
    /// <summary>True when the end of a run lets others pass: <see cref="FindNextAsync"/> is asked then.</summary>
    bool PassesOn { get; }

    /// <summary>Names what the run shares with others at this gate. Null when the gate does not concern the run.</summary>
    string? KeyOf(WorkerId worker, PendingRun run);

    /// <summary>Locks one key until the transaction ends. The keys of a gate are locked in ordinal order, so that two processes do not
    /// deadlock.</summary>
    Task LockAsync(GatePass pass, string key, CancellationToken ct);

    /// <summary>Decides about runs whose keys are locked. Runs that the gate lets pass have not started yet; it must count
    /// them.</summary>
    /// <returns>One decision per run, in order.</returns>
    Task<IReadOnlyList<GateDecision>> DecideAsync(GatePass pass, IReadOnlyList<PendingRun> runs, CancellationToken ct);

    /// <summary>Decides about one run as <see cref="DecideAsync"/> would if it were alone. Changes nothing and locks nothing, so the answer
    /// may be out of date at once.</summary>
    Task<GateDecision> JudgeAsync(StorageSession session, WorkerId worker, PendingRun run, DateTimeOffset now, CancellationToken ct);

    /// <summary>Finds the runs that may start because another run has ended.</summary>
    Task<IReadOnlyList<Nudge>> FindNextAsync(StorageSession session, RunId ended, DateTimeOffset now, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<Nudge>>([]);
}

/// <summary>What a gate decided about one run.</summary>
/// <param name="Passes">True when the run may start.</param>
/// <param name="TryAgainAt">When the claim is tried again. Null: the run is nudged when it may start, or it was canceled.</param>
/// <param name="Reason">Why it does not pass; null if it does.</param>
public readonly record struct GateDecision(bool Passes, DateTimeOffset? TryAgainAt = null, GateReason? Reason = null)
{
    public static GateDecision Pass { get; } = new(true);

    public static GateDecision Wait(GateReason reason) => new(false, Reason: reason);

    public static GateDecision WaitUntil(DateTimeOffset at, GateReason reason) => new(false, at, reason);
}

/// <summary>One transaction in which a worker's runs pass the gates.</summary>
public sealed class GatePass(StorageSession session, WorkerId worker, DateTimeOffset now)
{
    private readonly List<RunId> _stopped = [];

    public StorageSession Session { get; } = session;

    public WorkerId Worker { get; } = worker;

    public DateTimeOffset Now { get; } = now;

    /// <summary>Running runs that a gate asked to stop. Their workers are told after the commit.</summary>
    public IReadOnlyList<RunId> Stopped => _stopped;

    /// <summary>Tells the workers after the commit that a running run has to stop.</summary>
    public void Stop(RunId run) => _stopped.Add(run);
}
