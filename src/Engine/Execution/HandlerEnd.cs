using System.Reflection;
using Fleet.Core.Storage;
using Fleet.Core.Text;

namespace Fleet.Engine.Execution;

/// <summary>How a handler ended. Made while the handler still counts as running: what an exception says of itself is foreign code too, and
/// one that blocks is stopped like a handler that blocks.</summary>
/// <param name="Error">What it threw, without wrappers around a signal; null when it returned.</param>
/// <param name="Described">The error in words; null when it returned.</param>
/// <param name="IsOutage">Whether Fleet's database failed under the handler.</param>
internal sealed record HandlerEnd(Exception? Error, RunError? Described, bool IsOutage)
{
    /// <summary>It returned.</summary>
    public static HandlerEnd Success { get; } = new(null, null, false);

    /// <summary>It did not stop within its grace.</summary>
    public static HandlerEnd GivenUp { get; } = Of(new TimeoutException("The handler did not stop when asked to."), SecretValues.None);

    /// <summary>Describes what a handler threw. Never throws.</summary>
    /// <param name="thrown">What the handler threw.</param>
    /// <param name="secrets">The secrets of the run, which are cut out of the description.</param>
    /// <param name="storage">Knows outages of Fleet's database; null when it cannot be one.</param>
    public static HandlerEnd Of(Exception thrown, SecretValues secrets, IStorage? storage = null)
    {
        var signal = FindSignal(thrown);
        var error = signal ?? thrown;
        return new HandlerEnd(error, RunError.From(error, secrets), signal is null && IsUnavailable(thrown, storage));
    }

    /// <summary>What a handler says with its exception: the exception itself, or the one inside a wrapper that the runtime put around it.
    /// Of several in an <see cref="AggregateException"/> all have to say the same; the longest delay counts.</summary>
    internal static Exception? FindSignal(Exception e)
    {
        const int deepest = 16;
        for (var depth = 0; depth < deepest; depth++)
        {
            switch (e)
            {
                case NonRetryableException or RetryAfterException or SnoozeException:
                    return e;
                case AggregateException { InnerExceptions: { Count: > 1 } inners }:
                    return Agreed([.. inners.Select(FindSignal)]);
                case AggregateException or TargetInvocationException or TypeInitializationException when e.InnerException is { } inner:
                    e = inner;
                    break;
                default:
                    return null;
            }
        }

        return null;
    }

    private static Exception? Agreed(IReadOnlyCollection<Exception?> signals)
    {
        if (signals.All(s => s is NonRetryableException))
            return signals.First();
        if (signals.All(s => s is RetryAfterException))
            return signals.MaxBy(s => ((RetryAfterException)s!).Delay);
        return signals.All(s => s is SnoozeException) ? signals.MaxBy(s => ((SnoozeException)s!).Delay) : null;
    }

    private static bool IsUnavailable(Exception e, IStorage? storage)
    {
        try
        {
            return storage?.IsUnavailable(e) == true;
        }
        catch (Exception)
        {
            // An exception that cannot even be looked at is the handler's own.
            return false;
        }
    }
}

/// <summary>The error of a handler for the process's log: bounded, and read already. Printed in full, one error with a message of megabytes
/// filled the log, and one whose message throws lost its line.</summary>
internal sealed class HandlerException(RunError error) : Exception(error.Message)
{
    public override string? StackTrace => error.Stack;

    public override string ToString() => error.ToString();
}
