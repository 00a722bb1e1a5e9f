using System.Text.Json;
using Fleet.Bench.Servers;

namespace Fleet.Bench;

/// <summary>Fleet alone, under steady load: <c>--soak</c>. What it prints is Markdown, a row as each minute ends.</summary>
internal static class Soak
{
    private static readonly (string Name, string Figure)[] Rows =
    [
        ("enqueue to first line at 50/s, p50, ms", "latency.p50"),
        ("the same, p99", "latency.p99"),
        ("both at once, 64 callers, jobs per second", "both"),
        ("– CPU, µs per job", "both.cpu"),
        ("bulk enqueue, jobs per second", "bulk"),
        ("drain, jobs per second", "drain"),
        ("– CPU, µs per job", "drain.cpu"),
    ];

    /// <summary>Runs it and prints it.</summary>
    /// <param name="turn">Fleet's.</param>
    /// <param name="options">How long, at which rate, and where the JSON goes.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task RunAsync(Turn turn, BenchOptions options, CancellationToken ct)
    {
        var minutes = new List<SoakMinute>();
        Console.WriteLine(
            "| minute | jobs so far | jobs/s | p50, ms | p99, ms | CPU, µs/job | worker, MiB | scheduler, MiB | runs, MiB "
            + "| its indexes, MiB | dead rows | vacuums |");
        Console.WriteLine("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        var (before, after) = await turn.SoakAsync(
            options.SoakMinutes!.Value,
            async m =>
            {
                minutes.Add(m);
                await Console.Out.WriteLineAsync(
                    $"| {m.Minute} | {m.Jobs:N0} | {m.PerSecond:N0} | {m.P50:N1} | {m.P99:N1} | {m.Cpu:N0} | {m.WorkerMemory:N0} | "
                    + $"{m.SchedulerMemory:N0} "
                    + $"| {m.TableSize:N0} | {m.IndexSize:N0} | {m.DeadRows:N0} | {m.Vacuums} |");
            },
            ct);

        Console.WriteLine();
        Console.WriteLine("| | before | after |");
        Console.WriteLine("|---|--:|--:|");
        foreach (var (name, figure) in Rows)
            Console.WriteLine($"| {name} | {before[figure]:N1} | {after[figure]:N1} |");
        if (options.Json is not null)
            await File.WriteAllTextAsync(
                options.Json,
                JsonSerializer.Serialize(new { settings = PostgresServer.Settings, minutes, before, after }, Results.Indented), ct);
    }
}
