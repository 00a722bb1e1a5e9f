namespace Fleet.Core.Storage;

/// <summary>Writes that are only tried: every check and every statement is executed, and then rolled back. So a dry run answers what the
/// real one would, and cannot drift from it.</summary>
public static class DryRuns
{
    /// <summary>Writes, or tries to.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="work">The write. It has no effect outside of the transaction.</param>
    /// <param name="isDryRun">True to roll it back.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The result of the write.</returns>
    public static async Task<T> WriteRetryingAsync<T>(
        this IStorage storage, Func<StorageSession, Task<T>> work, bool isDryRun, CancellationToken ct)
    {
        if (!isDryRun)
            return await storage.WriteRetryingAsync(work, ct);
        T result = default!;
        try
        {
            return await storage.WriteRetryingAsync<T>(
                async session =>
                {
                    result = await work(session);
                    throw new RollBackException();
                },
                ct);
        }
        catch (RollBackException)
        {
            return result;
        }
    }

    private sealed class RollBackException : Exception;
}
