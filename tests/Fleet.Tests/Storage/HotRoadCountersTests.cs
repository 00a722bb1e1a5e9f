using System.Globalization;
using System.Text;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Postgres;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>What inserting, claiming and completing simple runs costs on PostgreSQL, in figures that no other load on the machine changes:
/// the text of the statements, round trips, bytes of write-ahead log and allocated memory. All of it stands in
/// <c>hot-road.approved.txt</c>; a change that costs more has to be approved there.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class HotRoadCountersTests(HotRoadCountersTests.QuietServer server) : IClassFixture<HotRoadCountersTests.QuietServer>
{
    private const string ApprovedFile = "hot-road.approved.txt";
    private const int MeasuredVersion = 15;
    private const int WarmUps = 12;
    private const int Measured = 20;
    private const int Passes = 6;

    /// <summary>Allocations of the same code differ this much between machines, by how far its methods are optimized. They may also be
    /// lower: on a busy machine an answer can be there before it is awaited, which saves objects.</summary>
    private const double AllocationTolerance = 0.03;

    private static readonly string[] Steps = ["insert", "claim", "complete"];

    [Fact]
    public async Task SimpleRuns_InsertClaimComplete_CostWhatWasApproved()
    {
        await server.SkipUnlessVersionAsync(MeasuredVersion);
        var report = new StringBuilder();
        foreach (var runs in new[] { 1, 100 })
        {
            var wire = await CountOnTheWireAsync(runs);
            var log = await CountLogAsync(runs);
            var memory = await CountMemoryAsync(runs);
            // A busy machine compiles late, and code that is not optimized yet allocates more: the least of several passes counts.
            for (var pass = 1; pass < Passes && Steps.Any(step => !IsWithin($"{step} of {runs}", memory[step])); pass++)
            {
                foreach (var (step, bytes) in await CountMemoryAsync(runs))
                    memory[step] = Math.Min(memory[step], bytes);
            }

            report.Append(CultureInfo.InvariantCulture, $"-- batches of {runs}\n");
            foreach (var step in Steps)
            {
                report.Append(
                    CultureInfo.InvariantCulture, $"{step}: {wire[step].RoundTrips} round trip(s), {wire[step].Executions} statement(s), ")
                    .Append(CultureInfo.InvariantCulture, $"{log[step]} bytes of log for {Measured} batches\n")
                    .Append(AllocatedLine($"{step} of {runs}", memory[step]));
            }

            report.Append('\n');
            if (runs == 1)
                continue;
            foreach (var step in Steps)
                report.Append(CultureInfo.InvariantCulture, $"-- {step}\n{string.Join("\n;\n", wire[step].Statements)}\n\n");
        }

        Approved.Check(report.ToString(), ApprovedFile);
    }

    /// <summary>The approved figure where the measured one is not higher.</summary>
    private static string AllocatedLine(string what, long measured)
    {
        TestContext.Current.SendDiagnosticMessage($"{Label(what)}{measured} bytes");
        return IsWithin(what, measured)
            ? ApprovedLine(what) + "\n"
            : string.Create(CultureInfo.InvariantCulture, $"{Label(what)}{measured} bytes, and up to {AllocationTolerance:P0} more\n");
    }

    private static bool IsWithin(string what, long measured) => ApprovedLine(what) is { } line
        && long.TryParse(line[Label(what).Length..].Split(' ')[0], CultureInfo.InvariantCulture, out var approved)
        && measured <= approved * (1 + AllocationTolerance);

    private static string? ApprovedLine(string what)
    {
        var file = Repository.HouseFile(ApprovedFile);
        return File.Exists(file) ? Array.Find(File.ReadAllLines(file), l => l.StartsWith(Label(what), StringComparison.Ordinal)) : null;
    }

    private static string Label(string what) => $"allocated by {what}: ";

    private async Task<Dictionary<string, (IReadOnlyList<string> Statements, int RoundTrips, int Executions)>> CountOnTheWireAsync(int runs)
    {
        var counted = new Dictionary<string, (IReadOnlyList<string>, int, int)>(StringComparer.Ordinal);
        await using var wire = new PostgresWire(server.Port);
        await RoundsAsync(runs, server.Through(wire.Port), 2, async (step, act) =>
        {
            wire.Take();
            await act();
            counted[step] = wire.Take();
        });
        // The texts are sent while statements are new to the connection; the first round also opens it. The counts are those of prepared
        // ones.
        var texts = counted.ToDictionary(c => c.Key, c => c.Value.Item1, StringComparer.Ordinal);
        await RoundsAsync(runs, server.Through(wire.Port), WarmUps, async (step, act) =>
        {
            wire.Take();
            await act();
            var (_, roundTrips, executions) = wire.Take();
            counted[step] = (texts[step], roundTrips, executions);
        });
        return counted;
    }

    private async Task<Dictionary<string, long>> CountLogAsync(int runs)
    {
        var bytes = Steps.ToDictionary(step => step, _ => 0L, StringComparer.Ordinal);
        await using var observer = new NpgsqlConnection(server.Through(server.Port));
        await observer.OpenAsync();
        var round = 0;
        await RoundsAsync(runs, server.Through(server.Port), WarmUps + Measured, async (step, act) =>
        {
            var before = await ReadAsync(observer, "SELECT pg_current_wal_insert_lsn() - '0/0'");
            await act();
            var after = await ReadAsync(observer, "SELECT pg_current_wal_insert_lsn() - '0/0'");
            if (step == Steps[0])
                round++;
            if (round > WarmUps)
                bytes[step] += Payload(before, after);
        });
        return bytes;
    }

    private async Task<Dictionary<string, long>> CountMemoryAsync(int runs)
    {
        const int warmUps = 150;
        var samples = Steps.ToDictionary(step => step, _ => new List<long>(), StringComparer.Ordinal);
        await RoundsAsync(runs, server.Through(server.Port), warmUps + 60, async (step, act) =>
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await act();
            samples[step].Add(GC.GetTotalAllocatedBytes(precise: true) - before);
        });
        return samples.ToDictionary(s => s.Key, s => s.Value.Skip(warmUps).Min(), StringComparer.Ordinal);
    }

    /// <summary>Inserts, claims and completes batches of runs, one step after the other on one connection.</summary>
    private static async Task RoundsAsync(int runs, string connectionString, int rounds, Func<string, Func<Task>, Task> measure)
    {
        await using var database = await EmptyDatabase.CreateAsync(connectionString);
        await using var storage = new PostgresStorage(database.ConnectionString);
        await using var fleet = new Verbs(storage, new FakeTimeProvider(Verbs.Noon));
        var (worker, none) = (await fleet.RegisterAsync(), CancellationToken.None);
        for (var round = 0; round < rounds; round++)
        {
            // The same ids every time: where they stand in the index decides how often its pages are split.
            var first = round * runs;
            var batch = Enumerable.Range(
                first, runs).Select(i => fleet.NewRun() with { Id = IdOf(i), Staged = true, MayExist = false }).ToArray();
            var ids = Array.ConvertAll(batch, run => run.Id);
            IReadOnlyList<ClaimOutcome> claimed = [];
            IReadOnlyList<SettleOutcome> settled = [];
            await measure(Steps[0], () => storage.AutocommitAsync(s => storage.Statements.InsertAsync(s, batch, none), none));
            await measure(
                Steps[1],
                async () => claimed = await storage.AutocommitAsync(
                    s => storage.Statements.ClaimAsync(s, worker, ids, fleet.Now, passedGates: false, none), none));
            var completions = claimed.Select(c => fleet.Completion(c.Run!)).ToArray();
            await measure(
                Steps[2],
                async () => settled = await storage.AutocommitAsync(s => storage.Statements.CompleteAsync(s, completions, none), none));
            Assert.All(settled, outcome => Assert.Equal(SettleOutcome.Settled, outcome));
        }
    }

    private static RunId IdOf(int number) => new(Guid.ParseExact($"019dc8a0-0000-7000-8000-{number:x12}", "D"));

    /// <summary>What was written between two places of the log, without the headers of its pages (24 bytes each 8 KiB; 16 more where a
    /// segment begins).</summary>
    private static long Payload(long from, long to)
    {
        const int page = 8192;
        const int segment = 16 * 1024 * 1024;
        return to - from - (((to / page) - (from / page)) * 24) - (((to / segment) - (from / segment)) * 16);
    }

    private static async Task<long> ReadAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(decimal)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>A server that writes to its log only what a statement asks for: no page images after checkpoints, no snapshots for
    /// standbys, no vacuum.</summary>
    public sealed class QuietServer() : PostgresServer(
        "-c", "full_page_writes=off", "-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "autovacuum=off", "-c",
        "checkpoint_timeout=1d",
        "-c", "max_wal_size=10GB"), IAsyncLifetime
    {
        private string? _database;

        public int Port => new NpgsqlConnectionStringBuilder(_database).Port;

        /// <summary>Another version writes other bytes; a server that is not ours does not hold still.</summary>
        public async Task SkipUnlessVersionAsync(int major)
        {
            Assert.SkipWhen(
                Environment.GetEnvironmentVariable("TEST_POSTGRES") is not null,
                "The figures are those of a server that this test starts.");
            var version = await CountAsync(Through(Port), "SELECT current_setting('server_version_num')::bigint / 10000");
            Assert.SkipWhen(version != major, $"The figures are those of PostgreSQL {major}; this is {version}.");
        }

        public async ValueTask InitializeAsync() => _database = await CreateDatabaseAsync();

        /// <summary>A connection string that leads through a port.</summary>
        public string Through(int port) =>
            new NpgsqlConnectionStringBuilder(_database) { Port = port, Pooling = true, SslMode = SslMode.Disable }.ConnectionString;
    }

    private sealed class EmptyDatabase(string connectionString) : IAsyncDisposable
    {
        public string ConnectionString => connectionString;

        public static async Task<EmptyDatabase> CreateAsync(string like)
        {
            var name = "fleet_" + Guid.NewGuid().ToString("N");
            await PostgresServer.ExecuteAsync(Admin(like), $"CREATE DATABASE {name} TEMPLATE {PostgresServer.Template}");
            return new EmptyDatabase(new NpgsqlConnectionStringBuilder(like) { Database = name }.ConnectionString);
        }

        public async ValueTask DisposeAsync() => await PostgresServer.ExecuteAsync(
            Admin(connectionString), $"DROP DATABASE {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)");

        private static string Admin(string like) =>
            new NpgsqlConnectionStringBuilder(like) { Database = "postgres", Pooling = false }.ConnectionString;
    }
}
