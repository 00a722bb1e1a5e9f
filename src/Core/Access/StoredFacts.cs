using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Core.Jobs;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Access;

/// <summary>What the audit says of the pause of a lane.</summary>
internal sealed record LaneFacts(DateTimeOffset? PausedSince, string? PausedBy, DateTimeOffset? Until, string? Reason)
{
    /// <summary>A pause that has ended counts as none.</summary>
    public static LaneFacts Of(LaneRow lane, DateTimeOffset now) => lane.IsPaused(now)
        ? new(lane.PausedSince, lane.PausedBy?.ToString(), lane.PausedUntil, lane.PauseReason)
        : new(null, null, null, null);
}

/// <summary>What the audit says of a worker that is asked to take no new runs.</summary>
internal sealed record DrainFacts(DateTimeOffset? DrainSince, string? DrainBy, string? Reason);

/// <summary>What the audit says of a run that was there: never its args, its output or its error.</summary>
internal sealed record AuditedRun(RunState State, bool CancelRequested = false);

/// <summary>What the audit says of a run that somebody enqueued.</summary>
internal sealed record AuditedEnqueue(string Job, string Lane, RunId? Run = null);

/// <summary>What the audit says of runs that somebody enqueued in one request.</summary>
internal sealed record AuditedBatch(int Count, IReadOnlyList<string> Jobs, IReadOnlyList<string> Lanes);

/// <summary>What the audit says of a backfill.</summary>
internal sealed record AuditedBackfill(DateTimeOffset From, DateTimeOffset Until, int PerMinute, string Lane, int Count);

/// <summary>What the audit says of a saved view.</summary>
internal sealed record ViewFacts(string Query, JsonNode? Columns, string? Sort, bool Shared, string? Owner, string? ChangedBy)
{
    public static ViewFacts Of(SavedView view) => new(
        view.Query, view.Columns is { } columns ? JsonNode.Parse(columns) : null, view.Sort, view.Shared, view.Owner?.ToString(),
        view.ChangedBy?.ToString());
}

/// <summary>What the audit says of a schedule: its definition and status, and of its args whether they changed.</summary>
internal sealed record ScheduleFacts
{
    // So short that nobody can find out args from it.
    private const int HashBytes = 4;

    public required string Job { get; init; }

    /// <summary>The beginning of the hash of the args, redacted: nobody can try out secrets with it.</summary>
    public required string ArgsHash { get; init; }

    /// <summary>What became of the secrets in the args; null when they stayed as they were.</summary>
    public string? SecretArgs { get; init; }

    public string? Lane { get; init; }

    public int? MaxAttempts { get; init; }

    public JsonNode? Tags { get; init; }

    public string? Cron { get; init; }

    public string? Every { get; init; }

    public DateTimeOffset? Anchor { get; init; }

    public DateTimeOffset? At { get; init; }

    public string? Zone { get; init; }

    public DateTimeOffset? StartsAt { get; init; }

    public DateTimeOffset? EndsAt { get; init; }

    public string? Exclude { get; init; }

    public string? Jitter { get; init; }

    public int? MaxOccurrences { get; init; }

    public required string Misfire { get; init; }

    public string? MisfireDeadline { get; init; }

    public required string Overlap { get; init; }

    public JsonNode? Labels { get; init; }

    public required string Status { get; init; }

    public DateTimeOffset? StatusSince { get; init; }

    public DateTimeOffset? ResumeAt { get; init; }

    public required string Source { get; init; }

    /// <summary>What the audit says of a schedule.</summary>
    /// <param name="row">The schedule.</param>
    /// <param name="secrets">The secret members of its job. A change of something else may do without.</param>
    public static ScheduleFacts Of(Schedule row, SecretMembers? secrets = null) => new()
    {
        Job = row.Job,
        ArgsHash = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(secrets?.Redact(row.Args) ?? row.Args)).AsSpan(0, HashBytes)),
        Lane = row.Lane,
        MaxAttempts = row.MaxAttempts,
        Tags = row.Tags is { } tags ? JsonNode.Parse(tags) : null,
        Cron = row.Cron,
        Every = row.Every,
        Anchor = row.Anchor,
        At = row.At,
        Zone = row.Zone,
        StartsAt = row.StartsAt,
        EndsAt = row.EndsAt,
        Exclude = row.Exclude,
        Jitter = row.Jitter,
        MaxOccurrences = row.MaxOccurrences,
        Misfire = Word(row.Misfire),
        MisfireDeadline = row.MisfireDeadline,
        Overlap = Word(row.Overlap),
        Labels = row.Labels is { } labels ? JsonNode.Parse(labels) : null,
        Status = Word(row.Status),
        StatusSince = row.StatusSince,
        ResumeAt = row.ResumeAt,
        Source = row.Source,
    };

    // A number for what only a newer program has a word for: the serializer would refuse that.
    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
