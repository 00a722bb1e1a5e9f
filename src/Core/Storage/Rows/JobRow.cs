using Fleet.Core.Actors;

namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>jobs</c>: one version of a job, as the workers that serve it describe it.</summary>
public sealed class JobRow
{
    public string Name { get; set; } = "";

    /// <summary>See <c>JobInfo.Version</c>; empty for a job that was stored before versions were told apart.</summary>
    public string Version { get; set; } = "";

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

    /// <summary>When a worker first offered this version.</summary>
    public DateTimeOffset FirstSeenAt { get; set; }

    /// <summary>The worker that first offered this version.</summary>
    public Actor? PublishedBy { get; set; }

    /// <summary>When a worker that offers this version last started.</summary>
    public DateTimeOffset SeenAt { get; set; }
}
