namespace Fleet.Core.Storage;

/// <summary>How far the database's clock is ahead of this process's, as far as this process has seen. Due times of retries and of runs that
/// are given back go by the database's clock: a worker whose clock is ahead would delay them for everybody.</summary>
public sealed class DatabaseClock
{
    /// <summary>A difference up to this is no more than what a call takes and what a time service leaves.</summary>
    public static readonly TimeSpan Unremarkable = TimeSpan.FromSeconds(1);

    private long _offset;

    /// <summary>Zero while both agree within <see cref="Unremarkable"/>, and while nobody has compared them.</summary>
    public TimeSpan Offset => new(Volatile.Read(ref _offset));

    /// <summary>Compares both clocks.</summary>
    public void Observe(DateTimeOffset database, DateTimeOffset own)
    {
        var offset = database - own;
        Volatile.Write(ref _offset, offset.Duration() > Unremarkable ? offset.Ticks : 0);
    }
}
