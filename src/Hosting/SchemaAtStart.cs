using Fleet.Core.Storage;
using Microsoft.Extensions.Options;

namespace Fleet.Hosting;

/// <summary>Makes sure of the schema before anything else starts: brings it up to date, or refuses to start on another one.
/// Services refuse, so that the first of twenty replicas of a new version does not change the database under the other nineteen.
/// It reads from when it is made, and so while the other services are made.</summary>
internal sealed class SchemaAtStart : IAsyncDisposable, IDisposable
{
    private readonly IStorage _storage;
    private readonly IOptions<StorageOptions> _options;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<DatabaseSchema> _reading;

    public SchemaAtStart(IStorage storage, IOptions<StorageOptions> options)
    {
        (_storage, _options) = (storage, options);
        _reading = Task.Run(() => storage.ReadSchemaAsync(_stop.Token));
    }

    /// <exception cref="InvalidOperationException">The schema is older than this program (and not brought up to date), or
    /// newer.</exception>
    public async Task EnsureAsync(CancellationToken ct)
    {
        var schema = await _reading.WaitAsync(ct);
        if (_options.Value.MigrateAtStart && schema is { Unknown.Count: 0, Missing.Count: > 0 })
            await _storage.MigrateAsync(ct);
        else if (schema.Problem is { } problem)
            throw new InvalidOperationException(problem);
    }

    /// <summary>The storage is disposed next, also in a host that was not started.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAny(_reading);
        // Seen, so that nobody is told of it.
        _ = _reading.Exception;
        Dispose();
    }

    public void Dispose() => _stop.Dispose();
}
