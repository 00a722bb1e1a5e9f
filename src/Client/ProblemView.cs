using System.Text.Json;

namespace Fleet.Client;

/// <summary>Why the API refused a request (RFC 9457).</summary>
public sealed record ProblemView
{
    public string? Title { get; init; }

    /// <summary>One sentence for people.</summary>
    public string? Detail { get; init; }

    /// <summary>A stable word for programs, such as <c>unknown_job</c>.</summary>
    public string? Code { get; init; }

    /// <summary>The refused field, as the caller wrote it.</summary>
    public string? Field { get; init; }

    /// <summary>The refused value.</summary>
    public string? Value { get; init; }

    /// <summary>What would have been accepted.</summary>
    public string? Allowed { get; init; }

    /// <summary>The run that has the idempotency key, when the key was used before with another request.</summary>
    public string? Existing { get; init; }

    /// <summary>What is stored, when it is not what the request expected (<c>precondition_failed</c>); null when nothing is.</summary>
    public JsonElement? Current { get; init; }
}
