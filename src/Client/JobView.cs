using System.Text.Json;

namespace Fleet.Client;

/// <summary>A job that some worker has offered.</summary>
public sealed record JobView
{
    /// <summary>The name, such as <c>report.daily</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>The lane of its runs where nobody says another.</summary>
    public string Lane { get; init; } = "";

    /// <summary>What it does, in words for people; null when it has none.</summary>
    public string? Description { get; init; }

    /// <summary>Other names under which it can be enqueued.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>How often a run of it is tried at most; null when the workers' default holds.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>How long an attempt may take; null when the workers' default holds.</summary>
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
    /// <summary>The name of the job.</summary>
    public string Job { get; init; } = "";

    /// <summary>Args that the job accepts.</summary>
    public JsonElement? Args { get; init; }
}
