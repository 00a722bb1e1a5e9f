using Fleet.Core.Access;
using Fleet.Core.DeadLetters;
using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Operations;
using Fleet.Core.Outbox;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Statistics;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Leader;

/// <summary>A loop that does its work only while this process leads.</summary>
public abstract class LeaderLoop(
    string name, LeaderElection election, IOptions<SchedulerOptions> options, TimeProvider time, ILogger logger)
    : BackgroundLoop(name, time, logger)
{
    protected SchedulerOptions Options => options.Value;

    /// <summary>One pass in the given term.</summary>
    /// <returns>The pause before the next.</returns>
    protected abstract Task<TimeSpan> LeadAsync(Term term, CancellationToken ct);

    protected Task StandBackAsync() => election.StandBackAsync();

    protected sealed override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        if (election.Term is not { } term)
            return Options.Poll;
        try
        {
            return await LeadAsync(term, ct);
        }
        catch (TermLostException e)
        {
            election.Lost(e);
            return Options.Poll;
        }
    }
}

/// <summary>Turns fire times into runs.</summary>
public sealed class PlanLoop(
    PlanOccurrences plan, ReplanSchedules replan, Wakers wakers, LeaderElection election,
    IOptions<SchedulerOptions> options, TimeProvider time, ILogger<PlanLoop> logger)
    : LeaderLoop("plan", election, options, time, logger)
{
    /// <summary>A clock that is corrected little by little stays below this.</summary>
    private static readonly TimeSpan SetBackBy = TimeSpan.FromSeconds(5);

    private (Term Term, DateTimeOffset Clock, long Timestamp)? _last;

    protected override async Task<TimeSpan> LeadAsync(Term term, CancellationToken ct)
    {
        // At the start of a term too: the clock of the leader before may have been ahead of ours.
        if (_last?.Term != term || IsSetBack(_last.Value))
            await replan.ExecuteAsync(term, Options.LookAhead, ct);
        _last = (term, Time.GetUtcNow(), Time.GetTimestamp());
        var zonesMissed = plan.ZonesMissed;
        var (planned, more) = await plan.ExecuteAsync(term, Options.LookAhead, ct);
        if (planned > 0)
            wakers.Stage.Wake();
        // Schedules in those zones fire under another leader, if there is one.
        if (plan.ZonesMissed != zonesMissed)
            await StandBackAsync();
        return more ? TimeSpan.Zero : Options.Poll;
    }

    private bool IsSetBack((Term Term, DateTimeOffset Clock, long Timestamp) last) =>
        Time.GetUtcNow() < last.Clock + Time.GetElapsedTime(last.Timestamp) - SetBackBy;
}

/// <summary>Publishes the nudges of delayed runs.</summary>
public sealed class StageLoop(
    StageRuns stage, LeaderElection election, IOptions<SchedulerOptions> options, TimeProvider time, ILogger<StageLoop> logger)
    : LeaderLoop("stage", election, options, time, logger)
{
    protected override async Task<TimeSpan> LeadAsync(Term term, CancellationToken ct) =>
        (await stage.ExecuteAsync(term, Options.LookAhead, ct)).More ? TimeSpan.Zero : Options.Poll;
}

/// <summary>Takes the runs of dead workers.</summary>
public sealed class RescueLoop(
    RescueRuns rescue, LeaderElection election, IOptions<SchedulerOptions> options, TimeProvider time, ILogger<RescueLoop> logger)
    : LeaderLoop("rescue", election, options, time, logger)
{
    protected override async Task<TimeSpan> LeadAsync(Term term, CancellationToken ct)
    {
        await rescue.ExecuteAsync(term, ct);
        return rescue.LookAgainIn is { } sooner && sooner < Options.Rescue ? sooner : Options.Rescue;
    }
}

/// <summary>Finds lost nudges.</summary>
public sealed class ReconcileLoop(
    Reconcile reconcile, LeaderElection election, IOptions<SchedulerOptions> options, TimeProvider time, ILogger<ReconcileLoop> logger)
    : LeaderLoop("reconcile", election, options, time, logger)
{
    private static readonly TimeSpan BetweenBatches = TimeSpan.FromMilliseconds(50);

    private bool _isCatchingUp;
    private Term? _term;

    /// <summary>After a restart with much to do, the next batch follows as soon as the queue has taken the last one.</summary>
    protected override async Task<TimeSpan> LeadAsync(Term term, CancellationToken ct)
    {
        if (_term != term)
            reconcile.StartOver();
        _term = term;
        var nudged = await reconcile.ExecuteAsync(ct);
        if (nudged > 0)
            _isCatchingUp = nudged >= Reconcile.BatchSize;
        return _isCatchingUp || reconcile.IsStartingOver ? BetweenBatches : Options.Rescue;
    }
}

/// <summary>Sends the outbox.</summary>
public sealed class OutboxLoop(
    DispatchOutbox dispatch, LeaderElection election, IOptions<SchedulerOptions> options, TimeProvider time, ILogger<OutboxLoop> logger)
    : LeaderLoop("outbox", election, options, time, logger)
{
    protected override async Task<TimeSpan> LeadAsync(Term term, CancellationToken ct) =>
        await dispatch.ExecuteAsync(ct) == DispatchOutbox.BatchSize ? TimeSpan.Zero : Options.Poll;
}

/// <summary>Executes the operations over many runs.</summary>
public sealed class OperationLoop(
    ExecuteOperations execute, LeaderElection election, IOptions<SchedulerOptions> options, TimeProvider time,
    ILogger<OperationLoop> logger)
    : LeaderLoop("operation", election, options, time, logger)
{
    protected override async Task<TimeSpan> LeadAsync(Term term, CancellationToken ct) =>
        await execute.ExecuteAsync(term, ct) ?? Options.Poll;
}

/// <summary>Merges figures and deletes old ones.</summary>
public sealed class FiguresLoop(
    MergeRollups merge, PruneFigures prune, LeaderElection election, IOptions<SchedulerOptions> options, TimeProvider time,
    ILogger<FiguresLoop> logger)
    : LeaderLoop("figures", election, options, time, logger)
{
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan BetweenBatches = TimeSpan.FromMilliseconds(50);

    protected override async Task<TimeSpan> LeadAsync(Term term, CancellationToken ct)
    {
        var more = await merge.ExecuteAsync(term, Options.KeepFiguresByMinute, ct);
        more |= await prune.ExecuteAsync(term, Options.KeepFigures, ct);
        return more ? BetweenBatches : BetweenRounds;
    }
}

/// <summary>Deletes what is old.</summary>
public sealed class PruneLoop(
    PruneRuns prune, PruneAudit pruneAudit, PruneOperations pruneOperations, MuteGroups mutes, LeaderElection election,
    IOptions<SchedulerOptions> options, TimeProvider time, ILogger<PruneLoop> logger)
    : LeaderLoop("prune", election, options, time, logger)
{
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);

    private long? _endedMutes;

    protected override async Task<TimeSpan> LeadAsync(Term term, CancellationToken ct)
    {
        var begun = Time.GetTimestamp();
        var (_, more) = await prune.ExecuteAsync(term, Options.KeepSucceeded, Options.KeepFailed, Options.KeepInbox, ct);
        more |= await pruneAudit.ExecuteAsync(term, Options.KeepAudit, ct);
        more |= await pruneOperations.ExecuteAsync(term, Options.KeepOperations, ct);
        await EndMutesAsync(ct);
        if (!more)
            return BetweenRounds;
        // Half of the time is left to the others who write.
        var took = Time.GetElapsedTime(begun);
        return took < LongestRest ? took : LongestRest;
    }

    /// <summary>Once in a round: while much is pruned, the passes follow each other.</summary>
    private async Task EndMutesAsync(CancellationToken ct)
    {
        if (_endedMutes is { } at && Time.GetElapsedTime(at) < BetweenRounds)
            return;
        await mutes.EndMutesAsync(ct);
        _endedMutes = Time.GetTimestamp();
    }
}
