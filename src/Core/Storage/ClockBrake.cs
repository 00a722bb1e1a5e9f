using Microsoft.Extensions.Logging;

namespace Fleet.Core.Storage;

/// <summary>Stops deletions while the clock may be wrong: after it has jumped ahead, for <see cref="Wait"/>, so that somebody can correct
/// it. Used by one caller at a time.</summary>
/// <param name="time">The clock of this process.</param>
/// <param name="logger">Takes the warning.</param>
public sealed partial class ClockBrake(TimeProvider time, ILogger logger)
{
    /// <summary>A clock that moved ahead by more than this has jumped. Nothing is deleted for the same time.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromHours(1);

    private (DateTimeOffset Clock, long Timestamp)? _last;
    private long? _brakedAt;

    /// <summary>The time for deletions. A row is old only if both the database's clock and this process's clock say so, so one wrong clock
    /// deletes nothing early.</summary>
    /// <param name="database">The time by the database's clock.</param>
    /// <returns>The earlier of the two; null while nothing may be deleted.</returns>
    public DateTimeOffset? Judge(DateTimeOffset database)
    {
        var now = time.GetUtcNow() is var own && own < database ? own : database;
        var ahead = _last is { } last ? now - last.Clock - time.GetElapsedTime(last.Timestamp) : TimeSpan.Zero;
        _last = (now, time.GetTimestamp());
        if (ahead > Wait)
        {
            _brakedAt = time.GetTimestamp();
            LogLeapt(ahead, Wait);
        }
        else if (ahead < -Wait)
        {
            // The clock was corrected.
            _brakedAt = null;
        }

        return _brakedAt is { } at && time.GetElapsedTime(at) < Wait ? null : now;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The clock jumped ahead by {Ahead}: nothing is pruned for {Brake}. If the clock is wrong, correct it within that time.")]
    private partial void LogLeapt(TimeSpan ahead, TimeSpan brake);
}
