namespace Fleet.Core.Storage.Rows;

/// <summary>A pending run that a claim did not take, with what decides about its start.</summary>
public sealed record PendingRun
{
    /// <summary>The number of crashes after which one more ends the run.</summary>
    public const int LastChance = RescuedRun.CrashCap - 1;

    public required RunId Id { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    public required OverlapPolicy Overlap { get; init; }

    public required int Crashes { get; init; }

    public required string? ScheduleId { get; init; }

    /// <summary>Its place among the runs of its schedule: the fire time, or when it was created.</summary>
    public required DateTimeOffset Position { get; init; }

    /// <summary>True if one more crash ends it.</summary>
    public bool IsOnLastChance => Crashes >= LastChance;

    /// <summary>True if it has to pass a gate. The claim of other runs leaves it out by the same condition.</summary>
    public bool IsGated => Overlap != OverlapPolicy.Allow || IsOnLastChance;
}
