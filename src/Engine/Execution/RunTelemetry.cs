using System.Diagnostics;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;

namespace Fleet.Engine.Execution;

/// <summary>Traces, metrics and log scope of an attempt. Listeners are foreign code: one that throws is logged,
/// and the run goes on.</summary>
public sealed partial class RunTelemetry(ILogger<RunTelemetry> logger)
{
    private readonly CarefulLogger _logger = new(logger);

    /// <summary>Starts the activity of an attempt and measures its lateness.</summary>
    internal Activity? Start(ClaimedRun run)
    {
        try
        {
            FleetMetrics.Lateness.Record((run.StartedAt - run.DueAt).TotalSeconds, new KeyValuePair<string, object?>("lane", run.Lane));
            if (run is { ScheduleId: { } schedule, FireTime: { } fireTime, Attempt: 1 })
            {
                FleetMetrics.ScheduleLateness.Record(
                    (run.StartedAt - fireTime).TotalSeconds, new KeyValuePair<string, object?>("schedule", schedule));
            }

            var activity = FleetMetrics.Activities.StartActivity("run " + run.Job, ActivityKind.Consumer, run.TraceParent);
            activity?.SetTag("fleet.run_id", run.Id.ToString()).SetTag("fleet.lane", run.Lane).SetTag("fleet.attempt", run.Attempt);
            return activity;
        }
        catch (Exception e)
        {
            LogBadListener(run.Job, run.Id, e);
            return null;
        }
    }

    /// <summary>Ends the activity.</summary>
    internal void Stop(Activity? activity)
    {
        try
        {
            activity?.Dispose();
        }
        catch (Exception e)
        {
            LogBadListener(activity!.OperationName, default, e);
        }
    }

    /// <summary>Counts an attempt and measures how long its handler took.</summary>
    internal void Measure(ClaimedRun run, AttemptOutcome? outcome, TimeSpan took)
    {
        try
        {
            FleetMetrics.Attempts.Add(1, new("job", run.Job), new("outcome", outcome?.ToString() ?? "Succeeded"));
            FleetMetrics.Duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("job", run.Job));
        }
        catch (Exception e)
        {
            LogBadListener(run.Job, run.Id, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A listener of metrics or traces threw at {Job} {RunId}; the run goes on without it.")]
    private partial void LogBadListener(string job, RunId runId, Exception e);
}

/// <summary>Puts run id and trace id on every log line of an attempt, without a dictionary per run.</summary>
internal sealed class RunScope(ClaimedRun run) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 2;

    public KeyValuePair<string, object?> this[int index] => index == 0
        ? new("RunId", run.Id)
        : new("TraceId", Activity.Current?.TraceId.ToString() ?? run.TraceParent);

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        yield return this[0];
        yield return this[1];
    }

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => "run " + run.Id;
}
