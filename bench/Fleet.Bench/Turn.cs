using System.Diagnostics;
using System.Text.Json.Nodes;
using Fleet.Bench.Servers;

namespace Fleet.Bench;

/// <summary>One contender's part of one round: all phases on a fresh database, virtual host or Redis.</summary>
internal sealed partial class Turn(Contender contender, Scale scale, IReadOnlyList<IServer> servers, string folder)
{
    private const int Callers = 64;
    private const int PerSecond = 50;

    private readonly Dictionary<string, string> _environment = [];
    private Driver? _client;
    private Driver? _worker;
    private ServerProcess? _scheduler;

    /// <summary>What was measured, by name. Rates are jobs per second; <c>cpu</c> is microseconds per job.</summary>
    public Dictionary<string, double> Figures { get; } = [];

    /// <summary>How many jobs the phases had, by name.</summary>
    public Dictionary<string, int> Counts { get; } = [];

    public Dictionary<string, string> Versions { get; } = [];

    private Sizes Sizes => contender.Sizes;

    private Driver TheClient => _client!;

    private Driver TheWorker => _worker!;

    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await StartAsync(ct);
            await IdleAsync(ct);
            await WarmUpAsync(ct);
            if (Sizes.HasLatency)
                await LatencyAsync(ct);
            await BothAsync(ct);
            await TheWorker.AskAsync(new { cmd = "stop" }, ct);
            await EnqueueAndDrainAsync("bulk", "drain", scale.Of(Sizes.Bulk), ct);
            await EnqueueAndDrainAsync("single", "drain_single", scale.Of(Sizes.Single), ct);
            if (Sizes.Http > 0)
                await EnqueueAndDrainAsync("http", "drain_http", scale.Of(Sizes.Http), ct);
            await TheWorker.AskAsync(new { cmd = "start" }, ct);
            foreach (var count in scale.Of(Sizes.Due))
                await DueAsync("due", count, 2 + (count / Sizes.DuePerSecond), ct);
            foreach (var count in scale.Of(Sizes.Schedules))
                await DueAsync("schedules", count, seconds: 0, ct);
            if (_scheduler is not null)
                Figures["scheduler.rss"] = ProcessCpu.Memory(_scheduler.Id);
            await FirstJobAsync(ct);
        }
        finally
        {
            await StopAsync();
        }
    }

    private async Task StartAsync(CancellationToken ct)
    {
        await StartServicesAsync(ct);
        _worker = await StartDriverAsync("worker", contender.Worker, _environment, ct);
    }

    private async Task StartServicesAsync(CancellationToken ct)
    {
        foreach (var server in servers)
        {
            foreach (var (name, value) in await server.FreshAsync())
                _environment[name] = value;
        }

        if (contender.Scheduler is not null)
            DescribeFleet();
        // 1. The client makes the schema, which the others need.
        _client = await StartDriverAsync("client", contender.Client, _environment, ct);
        foreach (var (package, version) in _client.Versions)
            Versions[package] = version;
        // 2. The scheduler, until it serves.
        if (contender.Scheduler is { } scheduler)
        {
            var environment = new Dictionary<string, string>(_environment)
            {
                ["Fleet__Api__Urls"] = _environment["BENCH_HTTP"],
                ["Fleet__Api__Access"] = "off",
            };
            _scheduler = ServerProcess.Start(scheduler, Path.Combine(folder, $"{contender.Name}-scheduler.log"), folder, environment);
            using var http = new HttpClient(
                new SocketsHttpHandler { UseProxy = false })
            { BaseAddress = new Uri(_environment["BENCH_HTTP"]) };
            await _scheduler.UntilAsync(async () =>
            {
                try
                {
                    using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), ct);
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            });
        }
    }

    private void DescribeFleet()
    {
        _environment["BENCH_HTTP"] = $"http://127.0.0.1:{FreePort.Next()}";
        _environment["Fleet__Storage__Provider"] = "Postgres";
        _environment["Fleet__Storage__ConnectionString"] = _environment["BENCH_POSTGRES"];
        _environment["Fleet__Transport__Provider"] = "RabbitMq";
        _environment["Fleet__Transport__Uri"] = _environment["BENCH_AMQP"];
        _environment["Fleet__Transport__ManagementUri"] = _environment["BENCH_AMQP_MANAGEMENT"];
    }

    /// <summary>What a worker takes that has nothing to do.</summary>
    private async Task IdleAsync(CancellationToken ct)
    {
        await Task.Delay(TimeSpan.FromSeconds(scale.IdleSeconds), TimeProvider.System, ct);
        var before = ProcessCpu.Read([("worker", TheWorker.ProcessId)])["worker"];
        await Task.Delay(TimeSpan.FromSeconds(scale.IdleSeconds), TimeProvider.System, ct);
        Figures["idle.rss"] = ProcessCpu.Memory(TheWorker.ProcessId);
        Figures["idle.cpu"] = (ProcessCpu.Read([("worker", TheWorker.ProcessId)])["worker"] - before) / (scale.IdleSeconds * 1e6) * 100;
    }

    /// <summary>All ways of enqueueing, again and again, so that nobody is measured while his code is compiled.</summary>
    private async Task WarmUpAsync(CancellationToken ct)
    {
        var (bulk, single, http) = (WarmUp(Sizes.Bulk), WarmUp(Sizes.Single), Sizes.Http == 0 ? 0 : WarmUp(Sizes.Http));
        var start = Stopwatch.GetTimestamp();
        do
        {
            await TheWorker.AskAsync(new { cmd = "expect", count = bulk + single + http }, ct);
            await EnqueueAsync("bulk", bulk, ct);
            await EnqueueAsync("single", single, ct);
            if (http > 0)
                await EnqueueAsync("http", http, ct);
            await TheWorker.AskAsync(new { cmd = "wait" }, ct);
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < scale.WarmUpSeconds);
    }

    /// <summary>From the enqueue call to the handler's first line, while nothing else happens.</summary>
    private async Task LatencyAsync(CancellationToken ct)
    {
        var count = scale.LatencySeconds * PerSecond;
        await TheWorker.AskAsync(new { cmd = "expect", count }, ct);
        await TheClient.AskAsync(new { cmd = "paced", count, perSecond = PerSecond }, ct);
        var end = await TheWorker.AskAsync(new { cmd = "wait" }, ct);
        Counts["latency"] = count;
        Figures["latency.p50"] = end["p50"]!.GetValue<double>();
        Figures["latency.p99"] = end["p99"]!.GetValue<double>();
    }

    /// <summary>64 callers enqueue one by one while the worker drains: from the first call to the last completion.</summary>
    private async Task BothAsync(CancellationToken ct)
    {
        var count = scale.Of(Sizes.Both ?? Sizes.Single);
        await TheWorker.AskAsync(new { cmd = "expect", count }, ct);
        var cpu = ReadCpu();
        var sent = await EnqueueAsync("single", count, ct);
        var end = await TheWorker.AskAsync(new { cmd = "wait" }, ct);
        AddCpu("both", cpu, count);
        Counts["both"] = count;
        Figures["both"] = Rate(count, Long(sent, "from"), Long(end, "done"));
    }

    /// <summary>A backlog while the worker is stopped, and then the way down: from the first job's first line to the last
    /// completion.</summary>
    private async Task EnqueueAndDrainAsync(string enqueue, string drain, int count, CancellationToken ct)
    {
        var cpu = ReadCpu();
        var sent = await EnqueueAsync(enqueue, count, ct);
        AddCpu(enqueue, cpu, count);
        Counts[enqueue] = Counts[drain] = count;
        Figures[enqueue] = Rate(count, Long(sent, "from"), Long(sent, "to"));

        var begin = await TheWorker.AskAsync(new { cmd = "drain", count }, ct);
        cpu = ReadCpu();
        var end = await TheWorker.AskAsync(new { cmd = "wait" }, ct);
        AddCpu(drain, cpu, count);
        Figures[drain] = Rate(count, Long(begin, "first"), Long(end, "done"));
        await TheWorker.AskAsync(new { cmd = "stop" }, ct);
    }

    /// <summary>All due at one instant: how long after it the last one starts.</summary>
    private async Task DueAsync(string kind, int count, int seconds, CancellationToken ct)
    {
        await TheWorker.AskAsync(new { cmd = "expect", count }, ct);
        var planned = await TheClient.AskAsync(new { cmd = kind, count, seconds }, ct);
        if (Long(planned, "to") > Long(planned, "due"))
        {
            var late = (Long(planned, "to") - Long(planned, "due")) / 1000;
            throw new InvalidOperationException($"{kind} of {count}: they were due {late} ms before all of them were enqueued.");
        }

        var end = await TheWorker.AskAsync(new { cmd = "wait" }, ct);
        if (Long(end, "first") < Long(planned, "due") - 1000)
            throw new InvalidOperationException(
                $"{kind} of {count}: the first one started {(Long(planned, "due") - Long(end, "first")) / 1000} ms early.");
        Counts[$"{kind}.{count}"] = count;
        Figures[$"{kind}.{count}"] = (Long(end, "last") - Long(planned, "due")) / 1000.0;
    }

    /// <summary>A fresh worker process: from its start to the first line of a job that waits for it.</summary>
    private async Task FirstJobAsync(CancellationToken ct)
    {
        await TheWorker.DisposeAsync();
        _worker = null;
        await EnqueueAsync("single", 1, ct);
        _worker = await StartDriverAsync("worker", contender.Worker, _environment, ct);
        var end = await TheWorker.AskAsync(new { cmd = "wait" }, ct);
        Figures["first_job"] = (Long(end, "first") - TheWorker.LaunchedAt) / 1000.0;
    }

    private Task<Driver> StartDriverAsync(string name, string[] command, Dictionary<string, string> environment, CancellationToken ct) =>
        Driver.StartAsync(name, command, environment, Path.Combine(folder, $"{contender.Name}-{name}.log"), folder, ct);

    private Task<JsonObject> EnqueueAsync(string how, int count, CancellationToken ct) =>
        TheClient.AskAsync(new { cmd = how, count, batch = Sizes.Batch, callers = Callers }, ct);

    private Dictionary<string, double> ReadCpu()
    {
        var roots = new List<(string, int)> { (TheClient.Name, TheClient.ProcessId) };
        if (_worker is not null)
            roots.Add((TheWorker.Name, TheWorker.ProcessId));
        roots.AddRange(_workers.Select((worker, number) => ($"worker {number}", worker.ProcessId)));
        if (_scheduler is not null)
            roots.Add(("scheduler", _scheduler.Id));
        roots.AddRange(servers.Select(server => (server.Name, server.ProcessId)));
        return ProcessCpu.Read(roots);
    }

    private void AddCpu(string phase, Dictionary<string, double> before, int count)
    {
        foreach (var (name, after) in ReadCpu())
            Figures[$"{phase}.cpu.{name}"] = (after - before[name]) / count;
        Figures[$"{phase}.cpu"] = before.Keys.Sum(name => Figures[$"{phase}.cpu.{name}"]);
    }

    private int WarmUp(int full) => Math.Max(scale.Of(full) / 5, 64);

    private static double Rate(int count, long from, long to) => count / ((to - from) / 1e6);

    private static long Long(JsonObject answer, string name) => answer[name]!.GetValue<long>();

    private async Task StopAsync()
    {
        await StopWorkersAsync();
        foreach (var driver in new[] { _worker, _client })
        {
            if (driver is not null)
                await driver.DisposeAsync();
        }

        if (_scheduler is not null)
            await _scheduler.DisposeAsync();
        foreach (var server in servers)
            await server.ClearAsync();
    }
}
