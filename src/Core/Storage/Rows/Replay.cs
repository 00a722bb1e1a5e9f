using Fleet.Core.Actors;

namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>replays</c>: the state of a run before a person replayed it.</summary>
public sealed class Replay
{
    public long Id { get; set; }

    public RunId RunId { get; set; }

    public int Number { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>Who asked for it.</summary>
    public required Actor By { get; set; }

    public RunState FromState { get; set; }

    public int FromAttempt { get; set; }

    public string? FromError { get; set; }

    /// <summary>Who had canceled it; null if it had failed.</summary>
    public Actor? FromCanceledBy { get; set; }

    /// <summary>The args before, as JSON text; null if the replay did not change them.</summary>
    public string? FromArgs { get; set; }

    public DateTimeOffset? FromFinishedAt { get; set; }
}
