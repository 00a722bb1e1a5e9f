using BenchmarkDotNet.Attributes;
using Fleet.Core.Storage;

namespace Fleet.Micro;

/// <summary>What sharing a commit costs each caller, when the commit itself costs nothing.</summary>
public class GroupCommitBenchmarks
{
    private const int Calls = 4096;

    private GroupCommit<int, int> _group = null!;

    /// <summary>Calls that wait at the same time.</summary>
    [Params(1, 64, 512)]
    public int Callers { get; set; }

    [GlobalSetup]
    public void SetUp() => _group = new GroupCommit<int, int>(
        "micro",
        async (items, _) =>
        {
            await Task.Yield();
            return [.. items];
        },
        _ => BatchFault.Unknown);

    [GlobalCleanup]
    public ValueTask CleanUpAsync() => _group.DisposeAsync();

    [Benchmark(OperationsPerInvoke = Calls)]
    public Task AddAsync() => Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
    {
        for (var i = 0; i < Calls / Callers; i++)
            await _group.AddAsync(i);
    }));
}
