using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Cli.Connection;

// What the API answers, as far as the commands show it. Everything is optional, so that a server that is newer or older
// by a member can still be read; with `-o json` the answer is passed on as it came.

/// <summary>One page of a list.</summary>
public sealed record PageView<T>
{
    public IReadOnlyList<T> Items { get; init; } = [];

    /// <summary>The cursor of the next page; null on the last one.</summary>
    public string? Next { get; init; }
}

/// <summary>The answer to a new run.</summary>
public sealed record CreatedView
{
    public string Id { get; init; } = "";
}

/// <summary>The answer to a cancellation.</summary>
public sealed record CancelView
{
    /// <summary><c>canceled</c>, or <c>requested</c> while the worker still has to stop.</summary>
    public string Result { get; init; } = "";
}

public sealed record RunView
{
    public string Id { get; init; } = "";
    public string Job { get; init; } = "";
    public string? Lane { get; init; }
    public string State { get; init; } = "";
    public int Attempt { get; init; }
    public int? MaxAttempts { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
    public DateTimeOffset? DueAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public string? ScheduleId { get; init; }
    public DateTimeOffset? FireTime { get; init; }
    public JsonElement? Args { get; init; }
    public JsonElement? Output { get; init; }
    public string? Error { get; init; }
    public string? ErrorType { get; init; }

    /// <summary>0 to 1; null when the job tells none.</summary>
    public double? Progress { get; init; }

    public string? ProgressMessage { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public string? Worker { get; init; }
    public string? ParentId { get; init; }
    public string? IdempotencyKey { get; init; }
    public int? Crashes { get; init; }

    /// <summary>True while a running run was asked to stop.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>Why it was canceled or asked to stop: person, overlap, replaced or revoked.</summary>
    public string? CancelCause { get; init; }

    public IReadOnlyList<AttemptView>? Attempts { get; init; }

    /// <summary>Its replays: what the run was before each.</summary>
    public IReadOnlyList<ReplayView>? Lineage { get; init; }

    /// <summary>True in the three states that a run ends in.</summary>
    [JsonIgnore]
    public bool Ended => State is "succeeded" or "failed" or "canceled";
}

public sealed record AttemptView
{
    public int Number { get; init; }
    public string? Outcome { get; init; }

    /// <summary>How many attempts in a row ended so; null from a server that does not tell.</summary>
    public int? Times { get; init; }
    public string? Worker { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public string? ErrorType { get; init; }
    public string? Error { get; init; }
}

public sealed record ReplayView
{
    public int Number { get; init; }
    public DateTimeOffset? At { get; init; }
    public string? By { get; init; }
    public string? FromState { get; init; }
    public int FromAttempt { get; init; }
    public string? FromError { get; init; }
}

public sealed record LogView
{
    public long Id { get; init; }
    public int Attempt { get; init; }
    public DateTimeOffset At { get; init; }
    public string? Level { get; init; }
    public string? Message { get; init; }
}

public sealed record ScheduleView
{
    public string Id { get; init; } = "";
    public string Job { get; init; } = "";
    public string? Cron { get; init; }
    public string? Every { get; init; }
    public DateTimeOffset? At { get; init; }
    public string? Zone { get; init; }
    public string Status { get; init; } = "";
    public string? StatusReason { get; init; }
    public string? StatusBy { get; init; }
    public DateTimeOffset? ResumeAt { get; init; }
    public DateTimeOffset? NextFireAt { get; init; }
    public DateTimeOffset? LastFireTime { get; init; }
    public IReadOnlyList<WarningView> Warnings { get; init; } = [];

    /// <summary>The trigger in a few words.</summary>
    [JsonIgnore]
    public string Trigger => (Cron ?? (Every is null ? At is { } at ? $"at {at:yyyy-MM-dd HH:mm:ssK}" : "" : $"every {Every}"))
        + (Zone is null ? "" : $" {Zone}");
}

/// <summary>Something that a trigger says and that its writer may not have meant.</summary>
public sealed record WarningView
{
    public string Message { get; init; } = "";
}

/// <summary>What <c>fleet schedule backfill</c> sends.</summary>
public sealed record BackfillRequestView
{
    public required string From { get; init; }
    public required string Until { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? PerMinute { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Lane { get; init; }
    public bool DryRun { get; init; }
}

public sealed record BackfillView
{
    public int Count { get; init; }
    public int Existing { get; init; }
    public DateTimeOffset? First { get; init; }
    public DateTimeOffset? Last { get; init; }
    public DateTimeOffset? LastDueAt { get; init; }
    public DateTimeOffset? OldestKept { get; init; }
}

public sealed record ScheduleFiguresView
{
    public DateTimeOffset From { get; init; }
    public DateTimeOffset Until { get; init; }
    public int Expected { get; init; }
    public int Fired { get; init; }
    public int Skipped { get; init; }
    public int Canceled { get; init; }
    public int Waiting { get; init; }
    public int Missing { get; init; }
    public IReadOnlyList<DateTimeOffset> FirstMissing { get; init; } = [];
    public int Unexpected { get; init; }
    public LatenessView? Lateness { get; init; }
}

public sealed record LatenessView
{
    public double Median { get; init; }
    public double P99 { get; init; }
    public double Most { get; init; }
}

public sealed record LaneView
{
    public string Name { get; init; } = "";
    public long Pending { get; init; }
    public long Running { get; init; }
    public long Slots { get; init; }
}

/// <summary>What a change of the clock does to a fire time.</summary>
public sealed record ClockEffectView
{
    public DateTimeOffset ChangeAt { get; init; }
    public string Text { get; init; } = "";
}

/// <summary>A fire time of a stored schedule.</summary>
public sealed record FireTimeView
{
    /// <summary><c>added</c> or <c>removed</c>; null where nothing is compared.</summary>
    public string? Change { get; init; }

    public DateTimeOffset Local { get; init; }
    public ClockEffectView? ClockEffect { get; init; }
}

/// <summary>The next fire times of a stored schedule.</summary>
public sealed record NextFireTimesView
{
    public string Status { get; init; } = "";
    public IReadOnlyList<FireTimeView> Items { get; init; } = [];
    public IReadOnlyList<WarningView> Warnings { get; init; } = [];
}

/// <summary>What an edit would do to the fire times of a schedule.</summary>
public sealed record ScheduleDiffView
{
    public string Id { get; init; } = "";
    public string Status { get; init; } = "";
    public DateTimeOffset From { get; init; }
    public DateTimeOffset Until { get; init; }
    public int Added { get; init; }
    public int Removed { get; init; }
    public int Kept { get; init; }
    public IReadOnlyList<FireTimeView> Changes { get; init; } = [];
    public DateTimeOffset? TruncatedAt { get; init; }
    public IReadOnlyList<WarningView> Warnings { get; init; } = [];
}

/// <summary>What all schedules will do.</summary>
public sealed record SimulationView
{
    public DateTimeOffset From { get; init; }
    public DateTimeOffset Until { get; init; }
    public int Firings { get; init; }
    public DateTimeOffset? TruncatedAt { get; init; }
    public IReadOnlyList<SimulatedScheduleView> Schedules { get; init; } = [];
    public IReadOnlyList<LaneLoadView> Lanes { get; init; } = [];
    public IReadOnlyList<BusyMinuteView> Busiest { get; init; } = [];
    public HeatMapView Load { get; init; } = new();
}

public sealed record SimulatedScheduleView
{
    public string Id { get; init; } = "";
    public int Firings { get; init; }

    /// <summary>Null when no run has succeeded of late.</summary>
    public double? MeanSeconds { get; init; }

    public IReadOnlyList<DateTimeOffset> Next { get; init; } = [];
    public IReadOnlyList<ClockEffectView> ClockEffects { get; init; } = [];
}

public sealed record LaneLoadView
{
    public string Lane { get; init; } = "";
    public int Firings { get; init; }
    public double BusySeconds { get; init; }
    public int MostAtOnce { get; init; }
    public DateTimeOffset MostAtOnceAt { get; init; }
}

public sealed record BusyMinuteView
{
    public DateTimeOffset Minute { get; init; }
    public int Starts { get; init; }
    public double BusySeconds { get; init; }
    public IReadOnlyList<FiringsView> Schedules { get; init; } = [];
    public int MoreSchedules { get; init; }
}

public sealed record FiringsView
{
    public string Id { get; init; } = "";
    public int Firings { get; init; }
}

/// <summary>The load cell by cell.</summary>
public sealed record HeatMapView
{
    public DateTimeOffset From { get; init; }

    /// <summary>1 or 60.</summary>
    public int MinutesPerCell { get; init; } = 1;

    public IReadOnlyList<int> Starts { get; init; } = [];
    public IReadOnlyList<double> BusySeconds { get; init; } = [];
}

/// <summary>Why the API refused (RFC 9457).</summary>
public sealed record ProblemView
{
    public string? Title { get; init; }
    public string? Detail { get; init; }
}

/// <summary>The shapes above, known at compile time.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, MaxDepth = FleetApi.MaxDepth)]
[JsonSerializable(typeof(CreatedView))]
[JsonSerializable(typeof(CancelView))]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(ProblemView))]
[JsonSerializable(typeof(ScheduleView))]
[JsonSerializable(typeof(BackfillRequestView))]
[JsonSerializable(typeof(BackfillView))]
[JsonSerializable(typeof(ScheduleFiguresView))]
[JsonSerializable(typeof(NextFireTimesView))]
[JsonSerializable(typeof(ScheduleDiffView))]
[JsonSerializable(typeof(SimulationView))]
[JsonSerializable(typeof(PageView<RunView>), TypeInfoPropertyName = "Runs")]
[JsonSerializable(typeof(PageView<LogView>), TypeInfoPropertyName = "Logs")]
[JsonSerializable(typeof(PageView<ScheduleView>), TypeInfoPropertyName = "Schedules")]
[JsonSerializable(typeof(PageView<LaneView>), TypeInfoPropertyName = "Lanes")]
public sealed partial class ApiJson : JsonSerializerContext;
