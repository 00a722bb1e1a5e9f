using Fleet.Client;
using Fleet.Core.Findings;
using Fleet.Core.Live;
using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;

namespace Fleet.Api.Events;

/// <summary>Figures, changes and findings as the API shows them.</summary>
internal static class EventViews
{
    // The bytes of an event do not grow with the fleet.
    private const int MaxLanes = 100;

    public static LiveFiguresView ToView(this LiveFigures figures) => new()
    {
        At = figures.At,
        Scheduled = figures.Scheduled.ToView(),
        Ready = figures.Ready.ToView(),
        Running = figures.Running.ToView(),
        Failed = figures.Failed.ToView(),
        Slots = figures.Lanes.Sum(l => l.Slots),
        OldestReadyAt = figures.OldestReadyAt,
        Lanes =
        [
            .. figures.Lanes.OrderByDescending(l => l.Ready.Value + l.Running.Value).ThenBy(l => l.Name, StringComparer.Ordinal)
                .Take(MaxLanes).Select(l => new LiveLaneView
                {
                    Name = l.Name,
                    Ready = l.Ready.ToView(),
                    Scheduled = l.Scheduled.ToView(),
                    Running = l.Running.ToView(),
                    Slots = l.Slots,
                    Paused = l.Pause is not null,
                    OldestReadyAt = l.OldestReadyAt,
                }),
        ],
        LaneCount = figures.Lanes.Count,
        ActiveWorkers = figures.Workers.Count(w => w.State == WorkerState.Active),
        DrainingWorkers = figures.Workers.Count(w => w.State == WorkerState.Draining),
        Leader = figures.Leader is { } leader ? new LeaderView { Name = leader.Name, Term = leader.Term } : null,
    };

    public static CountView ToView(this CappedCount count) => new() { Value = count.Value, Relation = count.IsAtLeast ? "gte" : "eq" };

    public static FindingView ToView(this Finding finding) => new()
    {
        Severity = finding.Severity.ToWord(),
        Code = finding.Code,
        Sentence = finding.Sentence,
        Since = finding.Since,
        Link = finding.Link,
        Advice = finding.Advice,
    };

    public static ChangesView ToView(this LiveChanges changes) => new()
    {
        Runs = changes.Runs.Count > 0 || changes.States.Count > 0 || changes.MoreRuns
            ? new RunChangesView
            {
                Ids = [.. changes.Runs.Select(id => id.ToString())],
                Jobs = changes.Jobs,
                States = [.. changes.States.Select(s => s.ToWord())],
                More = changes.MoreRuns,
            }
            : null,
        Lanes = changes.Lanes,
        Workers = changes.Workers,
        Schedules = changes.Schedules,
    };

    public static RunChangeView ToView(this FollowedRun run) => new()
    {
        Id = run.Id.ToString(),
        State = run.State.ToWord(),
        Job = run.Job,
        Lane = run.Lane,
        Attempt = run.Attempt,
        DueAt = run.DueAt,
        StartedAt = run.StartedAt,
        FinishedAt = run.FinishedAt,
        Stopping = run.IsStopping,
        Progress = run.Progress,
        ProgressMessage = run.ProgressMessage,
        Error = run.Error,
    };
}
