using System.Diagnostics;
using System.Text.Json;
using Fleet.Load;
using Spectre.Console;

// Measures Fleet embedded (SQLite, fully durable, in-memory lanes) in one process: client, scheduler, worker and database
// share its CPU time. Usage: Fleet.Load [--quick] [--json FILE]
if (args is ["--first-job", var startedAt])
    return await FirstJobAsync(long.Parse(startedAt));

var isQuick = args.Contains("--quick");
var runs = isQuick ? 5_000 : 50_000;
var padding = new string('x', 150);
var figures = new List<(string Name, string Unit, double Value)>();
NoOp Make() => new(Stopwatch.GetTimestamp(), padding);

AnsiConsole.MarkupLine(
    $"Fleet embedded, {runs:N0} runs a phase, no-op job, about 200 bytes of args, 256 slots, {Environment.ProcessorCount} cores");

await using (var host = await LoadHost.StartAsync())
{
    await WarmUpAsync(host);

    // 1. One run at a time from 64 callers, worker at work beside them.
    await MeasureAsync("single enqueue, 64 callers", host, runs / 5, async count =>
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async caller =>
        {
            for (var i = caller; i < count; i += 64)
                await host.Client.EnqueueAsync(Make());
        })));

    // 2. Batches of 500, enqueue and drain at once.
    await MeasureAsync("batches of 500", host, runs, async count =>
    {
        for (var i = 0; i < count; i += 500)
            await host.Client.EnqueueManyAsync(Enumerable.Range(0, 500).Select(_ => Make()).ToArray());
    });
    figures.Add(("RSS after load", "MB", Environment.WorkingSet / 1e6));
}

// 3. Fifty a second on a fresh file: how long from the call to the handler's first line. What the disk itself takes stands beside it.
await using (var host = await LoadHost.StartAsync())
{
    await WarmUpAsync(host);
    var seconds = isQuick ? 4 : 20;
    var all = host.Gauge.Expect(seconds * 50);
    using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20)))
    {
        for (var i = 0; i < seconds * 50 && await timer.WaitForNextTickAsync(); i++)
            await host.Client.EnqueueAsync(Make());
    }

    await all;
    foreach (var (name, fraction) in new[] { ("p50", 0.5), ("p95", 0.95), ("p99", 0.99) })
        figures.Add(($"enqueue to start at 50/s, {name}", "ms", host.Gauge.Percentile(fraction)));
}

var flushes = FlushTimes();
figures.Add(("flush of 4 KB to the disk, p50", "ms", flushes[flushes.Length / 2]));
figures.Add(("flush of 4 KB to the disk, p99", "ms", flushes[flushes.Length * 99 / 100]));

// 4. Bulk enqueue alone, then drain alone: a backlog is made while nobody serves the lane.
{
    var piling = await LoadHost.StartAsync(withLane: false);
    var start = Stopwatch.GetTimestamp();
    for (var i = 0; i < runs; i += 500)
        await piling.Client.EnqueueManyAsync(Enumerable.Range(0, 500).Select(_ => Make()).ToArray());
    figures.Add(("bulk enqueue alone", "runs/s", runs / Stopwatch.GetElapsedTime(start).TotalSeconds));
    var data = await piling.StopAsync();

    await using var draining = await LoadHost.StartAsync(data);
    var drained = draining.Gauge.Expect(runs);
    start = Stopwatch.GetTimestamp();
    await drained;
    figures.Add(("drain alone, after a restart", "runs/s", runs / Stopwatch.GetElapsedTime(start).TotalSeconds));
}

// 5. A fresh process, from its start to the first line of a handler.
figures.Add(("process start to first job", "ms", await StartChildAsync()));

var table = new Table().AddColumn("figure").AddColumn(new TableColumn("value").RightAligned()).AddColumn("unit");
foreach (var (name, unit, value) in figures)
    table.AddRow(name, value.ToString(value < 100 ? "N2" : "N0"), unit);
AnsiConsole.Write(table);
if (Array.IndexOf(args, "--json") is >= 0 and var json)
    await File.WriteAllTextAsync(args[json + 1], JsonSerializer.Serialize(figures.Select(f => new { f.Name, f.Unit, f.Value })));
return 0;

async Task WarmUpAsync(LoadHost host)
{
    var warm = host.Gauge.Expect(2000);
    await host.Client.EnqueueManyAsync(Enumerable.Range(0, 1000).Select(_ => Make()).ToArray());
    await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => host.Client.EnqueueAsync(Make())));
    await warm;
}

async Task MeasureAsync(string name, LoadHost host, int count, Func<int, Task> enqueue)
{
    var drained = host.Gauge.Expect(count);
    using var self = Process.GetCurrentProcess();
    var cpu = self.TotalProcessorTime;
    var start = Stopwatch.GetTimestamp();
    await enqueue(count);
    figures.Add(($"{name}: enqueue", "runs/s", count / Stopwatch.GetElapsedTime(start).TotalSeconds));
    await drained;
    figures.Add(($"{name}: end to end", "runs/s", count / Stopwatch.GetElapsedTime(start).TotalSeconds));
    self.Refresh();
    figures.Add(($"{name}: CPU per run", "µs", (self.TotalProcessorTime - cpu).TotalMicroseconds / count));
}

static double[] FlushTimes()
{
    using var file = File.Create(Path.GetTempFileName(), 4096, FileOptions.DeleteOnClose);
    var times = new double[500];
    for (var i = 0; i < times.Length; i++)
    {
        file.Write(new byte[4096]);
        var start = Stopwatch.GetTimestamp();
        file.Flush(flushToDisk: true);
        times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    Array.Sort(times);
    return times;
}

static async Task<int> FirstJobAsync(long startedAt)
{
    await using var host = await LoadHost.StartAsync();
    var first = host.Gauge.Expect(1);
    await host.Client.EnqueueAsync(new NoOp(startedAt, ""));
    await first;
    Console.WriteLine(host.Gauge.Percentile(1).ToString("R"));
    return 0;
}

static async Task<double> StartChildAsync()
{
    var info = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
    if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        info.ArgumentList.Add(typeof(NoOp).Assembly.Location);
    info.ArgumentList.Add("--first-job");
    info.ArgumentList.Add(Stopwatch.GetTimestamp().ToString());
    using var child = Process.Start(info)!;
    var output = await child.StandardOutput.ReadToEndAsync();
    await child.WaitForExitAsync();
    return double.Parse(output.Trim().Split('\n')[^1]);
}
