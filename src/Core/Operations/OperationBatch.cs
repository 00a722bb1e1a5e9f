using Fleet.Core.Lanes;

namespace Fleet.Core.Operations;

/// <summary>What was changed, to be told after the commit.</summary>
internal sealed class BatchChanges
{
    public BatchTally Tally { get; } = new();

    public List<Nudge> Ready { get; } = [];

    public List<RunId> Stopped { get; } = [];

    public List<RunId> Passed { get; } = [];
}

/// <summary>What became of the runs of a batch.</summary>
internal sealed class BatchTally
{
    public long Done { get; set; }

    public long Changed { get; set; }

    public long Gone { get; set; }

    public long Failed { get; set; }

    public string? Error { get; set; }

    public void Add<T>(IReadOnlyList<T> results, T gone, Func<T, bool> isDone) where T : struct, Enum
    {
        var (done, missing) = (results.Count(isDone), results.Count(r => EqualityComparer<T>.Default.Equals(r, gone)));
        (Done, Gone, Changed) = (Done + done, Gone + missing, Changed + results.Count - done - missing);
    }
}

/// <summary>A batch.</summary>
/// <param name="Ids">Its runs; may be none, when many were looked at and none matched.</param>
/// <param name="Cursor">Where the operation stands after it.</param>
/// <param name="IsEnd">Whether nothing is left after it.</param>
public sealed record BatchStep(RunId[] Ids, RunId? Cursor, bool IsEnd);

/// <summary>What this process knows of an operation that it executes.</summary>
public sealed class OperationWork(RunId? cursor)
{
    private long? _begun;
    private TimeSpan _pace;

    /// <summary>Where it stands. If the row says otherwise, nothing of this holds.</summary>
    public RunId? Cursor { get; private set; } = cursor;

    /// <summary>The next runs.</summary>
    public Queue<RunId> Ahead { get; } = [];

    /// <summary>Where the next look begins.</summary>
    public RunId? BehindAhead { get; private set; }

    /// <summary>True when nothing comes after <see cref="Ahead"/>.</summary>
    public bool IsAtEnd { get; set; }

    /// <summary>How many runs are tried alone, because their batch failed.</summary>
    public int OneByOne { get; set; }

    /// <summary>Takes the next runs that were looked up.</summary>
    public void Found(List<RunId> runs, RunId? behind, bool isAtEnd)
    {
        foreach (var run in runs)
            Ahead.Enqueue(run);
        (BehindAhead, IsAtEnd) = (behind, isAtEnd);
    }

    /// <summary>Moves on after a batch.</summary>
    public void Took(BatchStep step)
    {
        for (var i = 0; i < step.Ids.Length; i++)
            Ahead.Dequeue();
        Cursor = step.Cursor ?? Cursor;
        OneByOne = Math.Max(0, OneByOne - 1);
    }

    /// <summary>Keeps the rate.</summary>
    public void NotBefore(long begun, TimeSpan pace) => (_begun, _pace) = (begun, pace);

    /// <summary>How long until the next batch.</summary>
    public TimeSpan? Left(TimeProvider time) => _begun is { } at && _pace - time.GetElapsedTime(at) is { Ticks: > 0 } left
        ? left
        : TimeSpan.Zero;
}
