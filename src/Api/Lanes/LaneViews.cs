using Fleet.Api.Events;
using Fleet.Client;
using Fleet.Core.Lanes;

namespace Fleet.Api.Lanes;

/// <summary>Lanes as the API shows them.</summary>
internal static class LaneViews
{
    public static LaneView ToView(this LaneFigure figure, TimeSpan age) => new()
    {
        Name = figure.Row.Name,
        Ready = figure.Ready.ToView(),
        Running = figure.Running.ToView(),
        ScheduledSoon = figure.Soon.ToView(),
        OldestReadyAge = figure.OldestReady is { } oldest ? figure.MeasuredAt - oldest : TimeSpan.Zero,
        Slots = figure.Slots,
        Workers = figure.Workers,
        Paused = figure.IsPaused
            ? new LanePauseView
            {
                Since = figure.Row.PausedSince!.Value,
                By = figure.Row.PausedBy?.ToView(),
                Reason = figure.Row.PauseReason,
                Until = figure.Row.PausedUntil,
                UnconfirmedWorkers = figure.UnconfirmedWorkers,
            }
            : null,
        Demand = figure.Demand.Value,
        Age = age,
        Version = figure.Row.EditVersion(),
    };

    /// <summary>A lane as an endpoint shows it, with its version; null when there is no such lane.</summary>
    public static async Task<Tagged?> FindTaggedAsync(this LaneFigures figures, string lane, CancellationToken ct)
    {
        if (await figures.FindAsync(lane, ct) is not var (figure, age))
            return null;
        var view = figure.ToView(age);
        // The age grows with every request.
        return new Tagged(view, view.Version!) { Content = view with { Age = default } };
    }
}
