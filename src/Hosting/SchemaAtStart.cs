using Fleet.Core.Storage;
using Microsoft.Extensions.Options;

namespace Fleet.Hosting;

/// <summary>Makes sure of the schema before anything else starts: brings it up to date, or refuses to start on another one.
/// Services refuse, so that the first of twenty replicas of a new version does not change the database under the other nineteen.
/// It reads from when it is made, and so while the other services are made.</summary>
internal sealed class SchemaAtStart(IStorage storage, IOptions<StorageOptions> options)
{
    private readonly Task<DatabaseSchema> _reading = Task.Run(() => storage.ReadSchemaAsync(CancellationToken.None));

    /// <exception cref="InvalidOperationException">The schema is older than this program (and not brought up to date), or
    /// newer.</exception>
    public async Task EnsureAsync(CancellationToken ct)
    {
        var schema = await _reading.WaitAsync(ct);
        if (options.Value.MigrateAtStart && schema is { Unknown.Count: 0, Missing.Count: > 0 })
            await storage.MigrateAsync(ct);
        else if (schema.Problem is { } problem)
            throw new InvalidOperationException(problem);
    }
}
