using Fleet.Core.Storage.Rows;

namespace Fleet.Engine.Workers;

/// <summary>Under which id this process claims, and until when it may trust that its leases hold.</summary>
public sealed class WorkerIdentity(TimeProvider time)
{
    // Both together: a claim must not see the new id with the old renewal.
    private volatile Renewal _renewal = new(default, 0);

    /// <summary>The current id; changes when the process was declared gone.</summary>
    public WorkerId Id => _renewal.Id;

    /// <summary>By this process's own, monotonic clock: counted from before the renewal was sent.</summary>
    public TimeSpan SinceRenewal => time.GetElapsedTime(_renewal.At);

    /// <summary>True from the moment when the lease was found over until it is renewed.</summary>
    internal bool IsOver { get; set; }

    /// <summary>Says that the lease of an id was renewed by a request that began at this timestamp.</summary>
    public void Renewed(WorkerId id, long timestamp)
    {
        _renewal = new Renewal(id, timestamp);
        IsOver = false;
    }

    private sealed record Renewal(WorkerId Id, long At);
}
