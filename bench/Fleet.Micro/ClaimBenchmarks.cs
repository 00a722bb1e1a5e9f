using BenchmarkDotNet.Attributes;
using Fleet.Core.Jobs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Storage.Sqlite;

namespace Fleet.Micro;

/// <summary>One claim of many runs on SQLite, its commit on disk included.</summary>
public class ClaimBenchmarks
{
    private string _folder = "";
    private SqliteStorage _storage = null!;
    private WorkerId _worker;
    private RunId[] _ids = [];

    /// <summary>Runs of one claim.</summary>
    [Params(1, 64, 500)]
    public int Runs { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _folder = Directory.CreateTempSubdirectory("fleet-micro").FullName;
        _storage = new SqliteStorage($"Data Source={Path.Combine(_folder, "fleet.db")}", TimeProvider.System);
        await _storage.MigrateAsync(CancellationToken.None);
        var lanes = new Dictionary<string, int>(StringComparer.Ordinal) { ["default"] = Runs };
        _worker = await new RegisterWorkers(_storage, new JobCatalog(_storage, new JobRegistry([]), TimeProvider.System))
            .RegisterAsync("micro", lanes, TimeSpan.FromHours(1), CancellationToken.None);
    }

    [IterationSetup]
    public void Insert() => InsertAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _storage.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark]
    public Task<IReadOnlyList<ClaimOutcome>> ClaimAsync() => _storage.WriteAsync(
        session => _storage.Statements.ClaimAsync(
            session, _worker, _ids, TimeProvider.System.GetUtcNow(), passedGates: false, CancellationToken.None),
            CancellationToken.None);

    private Task<IReadOnlyList<EnqueueOutcome>> InsertAsync()
    {
        var now = TimeProvider.System.GetUtcNow();
        _ids = [.. Enumerable.Range(0, Runs).Select(_ => RunId.New(now))];
        var runs = Array.ConvertAll(
            _ids, id => new NewRun { Id = id, Job = "noop", Lane = "default", Args = "{}", CreatedAt = now, DueAt = now, Staged = true });
        return _storage.WriteAsync(
            session => _storage.Statements.InsertAsync(session, runs, CancellationToken.None), CancellationToken.None);
    }
}
