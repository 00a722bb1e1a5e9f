using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Fleet.Client;

/// <summary>A run as a caller asks for it.</summary>
public sealed record EnqueueBody
{
    /// <summary>The name of the job, or one of its aliases.</summary>
    [Required]
    public string? Job { get; init; }

    /// <summary>A JSON object that fits the job's schema. Left out: an empty object.</summary>
    public JsonElement? Args { get; init; }

    /// <summary>Left out: the job's lane.</summary>
    [MaxLength(64)]
    [RegularExpression("^[a-z0-9][a-z0-9._-]*$")]
    public string? Lane { get; init; }

    /// <summary>How long it waits at least: <c>15s</c>, <c>1h30m</c>, <c>PT5M</c> or <c>00:05:00</c>; at most 3650 days. Not together with
    /// <see cref="RunAt"/>.</summary>
    public string? Delay { get; init; }

    /// <summary>The instant from which it may start, ISO 8601 with offset; at most 3650 days ahead.</summary>
    public string? RunAt { get; init; }

    /// <summary>Words of the caller's choice, 1–64 characters each.</summary>
    [MaxLength(16)]
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>How often it is tried at most. Left out: what the job says.</summary>
    [Range(1, 1000)]
    public int? MaxAttempts { get; init; }

    /// <summary>As the header <c>Idempotency-Key</c>: 1–200 printable ASCII characters. One key makes at most one run.</summary>
    [MinLength(1)]
    [MaxLength(200)]
    public string? IdempotencyKey { get; init; }
}

/// <summary>Many runs at once.</summary>
public sealed record EnqueueBatchBody
{
    /// <summary>The runs; all of them are stored, or none.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(1000)]
    public IReadOnlyList<EnqueueBody>? Runs { get; init; }
}

/// <summary>Why a run is canceled.</summary>
public sealed record CancelBody
{
    /// <summary>In words for people; the first 500 characters are kept.</summary>
    public string? Reason { get; init; }
}
