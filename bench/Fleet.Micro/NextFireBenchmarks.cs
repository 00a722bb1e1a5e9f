using BenchmarkDotNet.Attributes;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Micro;

/// <summary>The next fire time of a schedule.</summary>
public class NextFireBenchmarks
{
    private static readonly DateTimeOffset After = new(2026, 3, 28, 23, 59, 59, TimeSpan.Zero);

    private Trigger _trigger = null!;

    /// <summary>An interval, the clock of every day, and a date that is rare.</summary>
    [Params("@every 15s", "0 30 2 * * *", "0 0 12 29 2 MON#5")]
    public string Cron { get; set; } = "";

    [GlobalSetup]
    public void SetUp() =>
        _trigger = Trigger.TryParse(new TriggerSpec { Cron = Cron, Zone = "Europe/Berlin" }, out var trigger, out var error)
        ? trigger : throw new InvalidOperationException(error.Message);

    [Benchmark]
    public DateTimeOffset? Next() => _trigger.Next(After);
}
