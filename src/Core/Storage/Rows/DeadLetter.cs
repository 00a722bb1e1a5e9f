namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>dead_letters</c>: what groups of dead letters are told from. It is written when a run fails for good, and goes
/// when the run is replayed, discarded or deleted.</summary>
/// <remarks>A narrow table of its own: groups are read along the time of the failure, which stands in no index of <c>runs</c>, because
/// every completion would pay for it.</remarks>
public sealed class DeadLetter
{
    /// <summary>The run.</summary>
    public RunId RunId { get; set; }

    /// <summary>The fingerprint of its error, as in <see cref="Run.Fingerprint"/>.</summary>
    public string Fingerprint { get; set; } = "";

    public string Job { get; set; } = "";

    public string Lane { get; set; } = "";

    public DateTimeOffset FailedAt { get; set; }

    /// <summary>The version of the program of the worker that executed the last attempt; null if it is not known.</summary>
    public string? Version { get; set; }
}
