using System.Diagnostics;
using Fleet.Bench.Servers;

namespace Fleet.Bench;

/// <summary>The ways to do work with an effect, each with fresh worker processes, on one database.</summary>
internal sealed partial class Turn
{
    // A worker that has not begun by then counts as begun: it may have found nothing left.
    private static readonly TimeSpan Begun = TimeSpan.FromSeconds(1);
    private const int MaxCounted = 5_000;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(240);

    private readonly List<Driver> _workers = [];

    /// <summary>What failed while the rest went on.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Measures each way with each of its numbers of workers.</summary>
    public async Task RunWaysAsync(IReadOnlyList<Way> ways, CancellationToken ct)
    {
        try
        {
            await StartServicesAsync(ct);
            await using var table = new EffectTable(_environment["BENCH_POSTGRES"]);
            await table.OpenAsync(ct);
            await table.CreateAsync(ct);
            foreach (var way in ways)
                await RunWayAsync(way, table, ct);
        }
        finally
        {
            await StopAsync();
        }
    }

    private async Task RunWayAsync(Way way, EffectTable table, CancellationToken ct)
    {
        foreach (var number in scale.OfWorkers(way.Workers))
        {
            try
            {
                while (_workers.Count < number)
                    _workers.Add(
                        await StartDriverAsync($"worker-{way.Name}-{_workers.Count}", way.Worker ?? contender.Worker, _environment, ct));
                // Whatever a first use costs is paid here, by every worker.
                await DrainAsync(way, _workers, scale.OfWarmUp(way.Count), table, ct);
                await MeasureAsync(way, _workers, scale.OfWay(way.Count), table, ct);
                // The smoke form tells that it works, once.
                if (number == 1 && (scale != Scale.Smoke || way.Name == "transaction"))
                    await CountAsync(way, table, ct);
            }
            catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
            {
                // What comes after it is worth something too, with workers that know nothing of it.
                var problem = e is OperationCanceledException ? $"not done after {Limit.TotalSeconds} s" : e.Message;
                Errors.Add($"{way.Name} with {number}: {problem}");
                await StopWorkersAsync();
            }
        }

        await StopWorkersAsync();
    }

    private async Task MeasureAsync(Way way, List<Driver> workers, int count, EffectTable table, CancellationToken ct)
    {
        var refusals = Refusals();
        await using var connections = new ConnectionSampler(_environment["BENCH_POSTGRES"]);
        var (from, to, measured, cpu) = await DrainAsync(way, workers, count, table, ct);
        Counts[way.Figure(workers.Count)] = count;
        Figures[way.Figure(workers.Count)] = Rate(measured, from, to);
        foreach (var (name, used) in cpu)
            Figures[way.Figure(workers.Count, $"cpu.{name}")] = used / measured;
        Figures[way.Figure(workers.Count, "cpu")] = cpu.Values.Sum() / measured;
        Figures[way.Figure(workers.Count, "connections")] = await connections.MostAsync();
        Figures[way.Figure(workers.Count, "refusals")] = Refusals() - refusals;
        if (contender.Scheduler is not null)
            Figures[way.Figure(workers.Count, "spent")] = await table.SpentAttemptsAsync($"bench.{way.Name}", way.Starts, ct);
    }

    /// <summary>Counts round trips and statements, in a pass of its own with one worker that reaches the database through a
    /// relay.</summary>
    private async Task CountAsync(Way way, EffectTable table, CancellationToken ct)
    {
        await StopWorkersAsync();
        await using var relay = new PostgresRelay(Postgres.Port);
        var (own, other) = ($"{Postgres.Port}", $"{relay.Port}");
        var through = _environment.ToDictionary(
            e => e.Key,
            e => e.Value.Replace(
                $"Port={own}", $"Port={other}", StringComparison.Ordinal).Replace($":{own}/", $":{other}/", StringComparison.Ordinal));
        _workers.Add(await StartDriverAsync($"worker-{way.Name}-counted", way.Worker ?? contender.Worker, through, ct));
        await DrainAsync(way, _workers, Scale.SmokeJobs, table, ct);
        var count = Math.Min(scale.OfWay(way.Count), MaxCounted);
        // With what a start takes, which is little beside so many jobs: a part of it could not be told from the jobs in flight.
        var (trips, statements) = (0L, 0L);
        await DrainAsync(way, _workers, count, table, ct, beforeStart: () => (trips, statements) = (relay.Trips, relay.Statements));
        Figures[way.Figure(1, "trips")] = (relay.Trips - trips) / (double)count;
        Figures[way.Figure(1, "statements")] = (relay.Statements - statements) / (double)count;
        await StopWorkersAsync();
    }

    /// <summary>A backlog while no worker works, and then the way down. The clock runs, and CPU is counted, from the moment at which every
    /// worker has begun: several do not come up at once, and until then it would be fewer that are measured.</summary>
    /// <returns>Microseconds of the clock, the jobs that were done between them, and the CPU of each process in microseconds.</returns>
    private async Task<(long From, long To, int Measured, Dictionary<string, double> Cpu)> DrainAsync(
        Way way, List<Driver> workers, int count, EffectTable table, CancellationToken ct, Action? beforeStart = null)
    {
        await Task.WhenAll(workers.Select(w => w.AskAsync(new { cmd = "stop" }, ct)));
        await table.ClearAsync(ct);
        await TheClient.AskAsync(new { cmd = "way", way = way.Name, count, batch = Sizes.Batch, callers = Callers }, ct);
        beforeStart?.Invoke();
        await Task.WhenAll(workers.Select(w => w.AskAsync(new { cmd = "begin", way = way.Name, count = count * way.Starts }, ct)));

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        var started = await SeenAsync(workers, started => Array.TrueForAll(started, s => s > 0), Begun, limit.Token);
        var (from, before, first) = (Now(), ReadCpu(), started.Sum() / way.Starts);
        await SeenAsync(workers, started => started.Sum() >= count * way.Starts, null, limit.Token);
        while (way.HasRows && await table.CountAsync(limit.Token) < count)
            await Task.Delay(Look, TimeProvider.System, limit.Token);
        await workers[0].AskAsync(new { cmd = "settled" }, limit.Token);
        var to = Now();
        var cpu = ReadCpu().GroupBy(c => c.Key.Split(' ')[0]).ToDictionary(g => g.Key, g => g.Sum(c => c.Value - before[c.Key]));
        if (way.HasRows)
            await table.CheckAsync(count, ct);
        return (from, to, Math.Max(1, count - first), cpu);
    }

    /// <summary>Asks the workers how many jobs have started until the condition holds.</summary>
    /// <param name="workers">All of them.</param>
    /// <param name="isEnough">Told what each has seen.</param>
    /// <param name="patience">After the first start, how long to wait for it at the most; null for as long as it takes.</param>
    /// <param name="ct">Ends it.</param>
    private static async Task<int[]> SeenAsync(List<Driver> workers, Predicate<int[]> isEnough, TimeSpan? patience, CancellationToken ct)
    {
        long? first = null;
        while (true)
        {
            var started = await Task.WhenAll(
                workers.Select(async w => (await w.AskAsync(new { cmd = "seen" }, ct))["started"]!.GetValue<int>()));
            if (started.Sum() > 0)
                first ??= Stopwatch.GetTimestamp();
            if (isEnough(started) || (first is { } since && Stopwatch.GetElapsedTime(since) > patience))
                return started;
            await Task.Delay(Look, TimeProvider.System, ct);
        }
    }

    private PostgresServer Postgres => servers.OfType<PostgresServer>().Single();

    private int Refusals() => Postgres.Refusals;

    private async Task StopWorkersAsync()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
        _workers.Clear();
    }

    private static long Now() => (long)(Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1e6));
}
