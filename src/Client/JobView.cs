using System.Text.Json;

namespace Fleet.Client;

/// <summary>A job that some worker has offered.</summary>
public sealed record JobView
{
    public string Name { get; init; } = "";
    public string Lane { get; init; } = "";
    public string? Description { get; init; }
    public IReadOnlyList<string> Aliases { get; init; } = [];
    public int? MaxAttempts { get; init; }
    public TimeSpan? Timeout { get; init; }

    /// <summary>JSON Schema of the args.</summary>
    public JsonElement? Schema { get; init; }

    /// <summary>A body for <c>POST /api/v1/runs</c> that is accepted.</summary>
    public ExampleView? Example { get; init; }

    /// <summary>Differs when a program describes the job in another way.</summary>
    public string Version { get; init; } = "";

    /// <summary>Number of active workers of the lane that offer the job, in this version or another. Its runs wait while it is 0.</summary>
    public int ServedBy { get; init; }
}

/// <summary>An example request.</summary>
public sealed record ExampleView
{
    public string Job { get; init; } = "";
    public JsonElement? Args { get; init; }
}
