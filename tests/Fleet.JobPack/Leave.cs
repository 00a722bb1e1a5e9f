namespace Fleet.JobPack;

/// <summary>How the first attempt of <see cref="Leave"/> ends its process.</summary>
public enum LeaveBy
{
    /// <summary>An <c>async void</c> method throws after the handler has returned.</summary>
    AsyncVoid,

    /// <summary>A thread that the handler started throws.</summary>
    Thread,

    /// <summary><c>Environment.Exit</c>.</summary>
    Exit,
}

/// <summary>Ends its process with a word.</summary>
[Job("pack.leave", Description = "Ends its process with a word.")]
public sealed record Leave(LeaveBy By);

public sealed class LeaveJob : IJob<Leave>
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    public async Task RunAsync(Leave args, JobContext context, CancellationToken ct)
    {
        if (context.Attempt > 1)
            return;
        switch (args.By)
        {
            case LeaveBy.AsyncVoid:
                ThrowLater();
                return;
            case LeaveBy.Thread:
                new Thread(() => throw new InvalidOperationException("thread")).Start();
                break;
            default:
                Environment.Exit(3);
                break;
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
    }

#pragma warning disable MA0155 // What this job is for.
    private static async void ThrowLater()
    {
        await Task.Delay(Pause, TimeProvider.System);
        throw new InvalidOperationException("async void");
    }
#pragma warning restore MA0155
}
