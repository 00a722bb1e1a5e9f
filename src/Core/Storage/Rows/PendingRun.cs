namespace Fleet.Core.Storage.Rows;

/// <summary>What is in the way of a pending run.</summary>
public enum ClaimHurdle
{
    /// <summary>Nothing: a claim takes it.</summary>
    None = 0,

    /// <summary>Its due time.</summary>
    NotDue = 1,

    /// <summary>It has to pass gates.</summary>
    Gated = 2,
}

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

    /// <summary>What a claim finds in the way of the run. The statement of a claim asks for the same in SQL.</summary>
    /// <param name="now">The time of the claim.</param>
    /// <param name="passedGates">True if it has passed the gates.</param>
    public ClaimHurdle HurdleAt(DateTimeOffset now, bool passedGates) =>
        DueAt > now ? ClaimHurdle.NotDue : IsGated && !passedGates ? ClaimHurdle.Gated : ClaimHurdle.None;
}
