namespace Fleet.Core.Jobs;

/// <summary>The row in <c>jobs</c>: a job as the worker that serves it described it.</summary>
public sealed class JobRow
{
    public string Name { get; set; } = "";

    public string Lane { get; set; } = "";

    public int? MaxAttempts { get; set; }

    public long? TimeoutMs { get; set; }

    public string? Description { get; set; }

    /// <summary>JSON array of strings.</summary>
    public string Aliases { get; set; } = "[]";

    /// <summary>JSON Schema of the args.</summary>
    public string Schema { get; set; } = "{}";

    /// <summary>Args that the schema accepts, as JSON.</summary>
    public string Example { get; set; } = "{}";

    public DateTimeOffset SeenAt { get; set; }
}
