using System.Data.Common;
using Fleet.Core.Text;

namespace Fleet.Core.Storage;

/// <summary>Fleet's database cannot be used now: it refuses connections, takes no writes, or its file was replaced.</summary>
/// <param name="message">One sentence for people.</param>
/// <param name="retryAfter">When another try makes sense.</param>
/// <param name="inner">What the database or its driver said.</param>
public sealed class DatabaseUnavailableException(string message, TimeSpan retryAfter, Exception? inner = null) : DbException(message, inner)
{
    /// <summary>When another try makes sense.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>What a failed batch means for its items.</summary>
public enum BatchFault
{
    /// <summary>It is not known whether an item is to blame: the items are tried alone, until some fail in a row.</summary>
    Unknown = 0,

    /// <summary>The database cannot serve: no item is tried.</summary>
    Outage = 1,

    /// <summary>The database refused what an item holds: each item is tried alone.</summary>
    Item = 2,
}

/// <summary>Judgements that follow from those of a storage.</summary>
public static class StorageErrors
{
    /// <summary>True when the database refused the data itself: the same write fails however often it is tried.</summary>
    public static bool IsRefused(this IStorage storage, Exception e) =>
        e.Chain().Any(inner => inner is DbException) && !storage.IsOutage(e) && !storage.IsConflict(e);

    /// <summary>What the failure of a batch means for its items.</summary>
    public static BatchFault JudgeBatch(this IStorage storage, Exception e) => e switch
    {
        OperationCanceledException or OutcomeUnknownException => BatchFault.Outage,
        _ when storage.IsUnavailable(e) => BatchFault.Outage,
        _ => storage.IsRefused(e) ? BatchFault.Item : BatchFault.Unknown,
    };
}
