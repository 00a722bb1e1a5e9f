namespace Fleet.Tests.Support;

/// <summary>Counts what happens in a test, and signals when a number is reached.</summary>
internal sealed class Tally
{
    private readonly Lock _lock = new();
    private readonly List<(int Number, TaskCompletionSource Reached)> _waiting = [];
    private int _count;

    /// <summary>How often it has happened so far.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Counts one more.</summary>
    /// <returns>The number so far.</returns>
    public int Add()
    {
        lock (_lock)
        {
            var count = _count + 1;
            Volatile.Write(ref _count, count);
            foreach (var (_, reached) in _waiting.Where(w => w.Number <= count))
                reached.TrySetResult();
            _waiting.RemoveAll(w => w.Number <= count);
            return count;
        }
    }

    /// <summary>Waits until it has happened so often; fails the test after 30 s.</summary>
    public Task ReachesAsync(int number)
    {
        lock (_lock)
        {
            if (_count >= number)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((number, reached));
            return reached.Task.WaitAsync(Waiting.Limit);
        }
    }
}
