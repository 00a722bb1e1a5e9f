using BenchmarkDotNet.Attributes;

namespace Fleet.Micro;

/// <summary>Making an id, beside the framework's own way.</summary>
public class RunIdBenchmarks
{
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    [Benchmark]
    public RunId New() => RunId.New(_now);

    [Benchmark(Baseline = true)]
    public Guid CreateVersion7() => Guid.CreateVersion7(_now);
}
