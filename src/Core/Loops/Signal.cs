namespace Fleet.Core.Loops;

/// <summary>Wakes one waiting loop. Signals that arrive while nobody waits count as one.</summary>
public sealed class Signal
{
    private volatile TaskCompletionSource _source = Make();

    /// <summary>Wakes the loop, now or at its next wait.</summary>
    public void Set() => _source.TrySetResult();

    /// <summary>Waits for the signal, at most for this time.</summary>
    /// <returns>True when the signal came.</returns>
    public async Task<bool> WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken ct)
    {
        try
        {
            await _source.Task.WaitAsync(atMost, time, ct);
        }
        catch (TimeoutException)
        {
            return false;
        }

        // Reset before the work starts, so that a signal during the work is not lost.
        _source = Make();
        return true;
    }

    private static TaskCompletionSource Make() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
