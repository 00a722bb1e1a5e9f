using Fleet.Core.Workers;

namespace Fleet.Worker;

/// <summary>Under which id this process claims, and until when it may trust that its leases hold.</summary>
public sealed class WorkerIdentity(TimeProvider time)
{
    private long _renewedAt;

    /// <summary>The current id; changes when the process was declared gone.</summary>
    public WorkerId Id { get; private set; }

    /// <summary>By this process's own, monotonic clock: counted from before the renewal was sent.</summary>
    public TimeSpan SinceRenewal => time.GetElapsedTime(Volatile.Read(ref _renewedAt));

    /// <summary>Says that the lease of an id was renewed by a request that began at this timestamp.</summary>
    public void Renewed(WorkerId id, long timestamp)
    {
        Id = id;
        Volatile.Write(ref _renewedAt, timestamp);
    }
}
