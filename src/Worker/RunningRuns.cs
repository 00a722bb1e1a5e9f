using System.Collections.Concurrent;

namespace Fleet.Worker;

/// <summary>The runs under way in this process.</summary>
public sealed class RunningRuns
{
    private readonly ConcurrentDictionary<RunId, RunHandle> _handles = new();

    public int Count => _handles.Count;

    public ICollection<RunHandle> All => _handles.Values;

    public bool Contains(RunId id) => _handles.ContainsKey(id);

    public void Add(RunHandle handle)
    {
        handle.Owner = this;
        _handles[handle.Run.Id] = handle;
    }

    /// <summary>Removes this handle, not one that a later claim of the same run has put in its place.</summary>
    public void Remove(RunHandle handle) => _handles.TryRemove(new KeyValuePair<RunId, RunHandle>(handle.Run.Id, handle));

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

    public void Stop(RunId id, StopCause cause)
    {
        if (_handles.TryGetValue(id, out var handle))
            handle.Stop(cause);
    }

    /// <summary>Does what the clock has brought and no timer has done yet.</summary>
    public void FireOverdue()
    {
        foreach (var (_, handle) in _handles)
            handle.FireOverdue();
    }

    public void StopAll(StopCause cause)
    {
        foreach (var handle in All)
            handle.Stop(cause);
    }
}
