using System.Collections.Concurrent;

namespace Fleet.Engine.Execution;

/// <summary>The runs under way in this process, from the claim on: those that wait for a thread of the pool are among them.</summary>
public sealed class RunningRuns
{
    private readonly ConcurrentDictionary<RunId, RunHandle> _handles = new();

    // Handlers that were given up and hang on, while a later claim of the same run is under way here too.
    private readonly ConcurrentDictionary<RunHandle, RunId> _displaced = new();
    private readonly Lock _lock = new();
    private readonly HashSet<RunId[]> _asked = [];

    public int Count => _handles.Count + _displaced.Count;

    public IReadOnlyCollection<RunHandle> All => _displaced.IsEmpty ? [.. _handles.Values] : [.. _handles.Values, .. _displaced.Keys];

    public bool Contains(RunId id) => _handles.ContainsKey(id);

    /// <summary>Whether the claim with this token is under way here. An older one of the same run does not count.</summary>
    public bool Holds(RunId id, long leaseToken) =>
        (_handles.TryGetValue(id, out var handle) && handle.Run.LeaseToken == leaseToken)
        || (!_displaced.IsEmpty && _displaced.Any(d => d.Value == id && d.Key.Run.LeaseToken == leaseToken));

    /// <summary>Says that runs are being claimed: the database may count them as ours before the answer is here.</summary>
    public void Asking(RunId[] ids)
    {
        lock (_lock)
            _asked.Add(ids);
    }

    /// <summary>Says that the answer is here, or will not come. Those that were claimed are added by then.</summary>
    public void Answered(RunId[] ids)
    {
        lock (_lock)
            _asked.Remove(ids);
    }

    /// <summary>Whether an answer is awaited that may bring the run.</summary>
    public bool IsAsked(RunId id)
    {
        lock (_lock)
            return _asked.Any(ids => ids.Contains(id));
    }

    public void Add(RunHandle handle)
    {
        handle.Owner = this;
        var id = handle.Run.Id;
        while (!_handles.TryAdd(id, handle))
        {
            if (_handles.TryGetValue(id, out var older) && _handles.TryUpdate(id, handle, older))
            {
                _displaced[older] = id;
                return;
            }
        }
    }

    /// <summary>Removes this handle, not one that a later claim of the same run has put in its place.</summary>
    public void Remove(RunHandle handle)
    {
        if (!_handles.TryRemove(new KeyValuePair<RunId, RunHandle>(handle.Run.Id, handle)))
            _displaced.TryRemove(handle, out _);
    }

    /// <summary>Meets all runs under way.</summary>
    /// <returns>Whether one of them was met before.</returns>
    public bool MeetAll()
    {
        var again = false;
        foreach (var (_, handle) in _handles)
        {
            again |= handle.IsMet;
            handle.IsMet = true;
        }

        return again;
    }

    /// <returns>False when the run is not executed here.</returns>
    public bool Stop(RunId id, StopCause cause)
    {
        if (!_handles.TryGetValue(id, out var handle))
            return false;
        handle.Stop(cause);
        return true;
    }

    /// <summary>Does what the clock has brought and no timer has done yet.</summary>
    public void FireOverdue()
    {
        foreach (var (_, handle) in _handles)
            handle.FireOverdue();
        foreach (var (handle, _) in _displaced)
            handle.FireOverdue();
    }

    public void StopAll(StopCause cause)
    {
        foreach (var handle in All)
            handle.Stop(cause);
    }
}
