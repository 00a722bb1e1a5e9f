using System.Data.Common;

namespace Fleet;

/// <summary>How a run is to be executed. Every null means "as the job says".</summary>
public sealed record EnqueueOptions
{
    /// <summary>The lane: 1–64 characters, lower-case letters, digits, <c>.</c>, <c>_</c>, <c>-</c>. Null: the job's lane.</summary>
    public string? Lane { get; init; }

    /// <summary>Due this long from now: 0 to 3650 days. Not together with <see cref="RunAt"/>.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Due at this instant; one in the past means now; at most 3650 days ahead.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>One key makes at most one run, for as long as that run is kept. 1–200 printable ASCII characters.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Up to 16 labels of 1–64 printable characters.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Tries in all, the first one included: 1–1000. Null: the job's own number, else the retry policy's.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Joins the caller's transaction on Fleet's database: the run exists if and only if that transaction commits.
    /// Null (the default): the run is stored before the call returns.</summary>
    public DbTransaction? Transaction { get; init; }
}
