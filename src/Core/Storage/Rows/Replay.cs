namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>replays</c>: what a run was before a person sent it round again.</summary>
public sealed class Replay
{
    public long Id { get; set; }

    public RunId RunId { get; set; }

    public int Number { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>Who asked, as far as known.</summary>
    public string By { get; set; } = "";

    public RunState FromState { get; set; }

    public int FromAttempt { get; set; }

    public string? FromError { get; set; }

    public DateTimeOffset? FromFinishedAt { get; set; }
}
