using System.Text.Json;

namespace Fleet.Client;

/// <summary>A run as a caller asks for it.</summary>
public sealed record EnqueueBody
{
    public string? Job { get; init; }
    public JsonElement? Args { get; init; }
    public string? Lane { get; init; }

    /// <summary>ISO 8601 or hh:mm:ss.</summary>
    public string? Delay { get; init; }

    /// <summary>ISO 8601 with offset.</summary>
    public string? RunAt { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public int? MaxAttempts { get; init; }
    public string? IdempotencyKey { get; init; }
}

/// <summary>Many runs at once.</summary>
public sealed record EnqueueBatchBody
{
    public IReadOnlyList<EnqueueBody>? Runs { get; init; }
}

/// <summary>Why a run is canceled.</summary>
public sealed record CancelBody
{
    public string? Reason { get; init; }
}
