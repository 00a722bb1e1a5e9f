using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Client;

namespace Fleet.Cli.Connection;

// What the API answers about schedules, as far as the commands show it. Everything is optional, so that a server that is newer or older
// by a member can still be read; with `-o json` the answer is passed on as it came.

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
[JsonSerializable(typeof(EnqueuedView))]
[JsonSerializable(typeof(CanceledView))]
[JsonSerializable(typeof(RunDetailView))]
[JsonSerializable(typeof(ProblemView))]
[JsonSerializable(typeof(ScheduleView))]
[JsonSerializable(typeof(BackfillRequestView))]
[JsonSerializable(typeof(BackfillView))]
[JsonSerializable(typeof(ScheduleFiguresView))]
[JsonSerializable(typeof(NextFireTimesView))]
[JsonSerializable(typeof(ScheduleDiffView))]
[JsonSerializable(typeof(SimulationView))]
[JsonSerializable(typeof(Page<RunView>), TypeInfoPropertyName = "Runs")]
[JsonSerializable(typeof(Page<LogLineView>), TypeInfoPropertyName = "Logs")]
[JsonSerializable(typeof(Page<ScheduleView>), TypeInfoPropertyName = "Schedules")]
[JsonSerializable(typeof(Page<LaneView>), TypeInfoPropertyName = "Lanes")]
public sealed partial class ApiJson : JsonSerializerContext;
