using System.Diagnostics;
using System.Globalization;
using Fleet.Core.Leadership;
using Fleet.Core.Schedules.Planning;
using Fleet.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Fleet.Tests.EndToEnd;

/// <summary>What a scheduler takes for a great number of schedules that fire hourly and daily. <c>FLEET_MANY_SCHEDULES</c> sets how many;
/// the suite's short form is 5,000.</summary>
public sealed class ManySchedulesTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    private static readonly int Schedules = int.Parse(
        Environment.GetEnvironmentVariable("FLEET_MANY_SCHEDULES") ?? "5000", CultureInfo.InvariantCulture);

    private static readonly TimeSpan LookAhead = TimeSpan.FromSeconds(30);

    // What an idle connection has counted, PostgreSQL tells after ten seconds.
    private static readonly TimeSpan CountsAreToldWithin = TimeSpan.FromSeconds(12);

    /// <summary>Every second one hourly, the others daily, spread over the hour and the day.</summary>
    private static readonly string Plant = $$"""
        INSERT INTO fleet.schedules (id, job, args, every, anchor, cron, misfire, status, source, planned_until, next_plan_at,
            created_at, updated_at, version, missed, overlap, planned)
        SELECT 'many-' || i, 'diag.echo', '{}', CASE WHEN i % 2 = 0 THEN '1h' END, CASE WHEN i % 2 = 0 THEN to_timestamp(i % 3600) END,
            CASE WHEN i % 2 = 1 THEN format('%s %s %s * * *', i * 7919 % 60, i * 7919 / 60 % 60, i * 7919 / 3600 % 24) END,
            0, 1, 'api', now(), CASE WHEN i % 2 = 0
                THEN to_timestamp(i % 3600 + 3600 * ceil((extract(epoch FROM now()) - i % 3600) / 3600))
                ELSE to_timestamp(i * 7919 % 86400 + 86400 * ceil((extract(epoch FROM now()) - i * 7919 % 86400) / 86400)) END,
            now(), now(), 1, 0, 0, 0
        FROM generate_series(1, {{Schedules}}::bigint) AS i
        """;

    [Fact]
    public async Task Scheduler_ManySchedules_StartsSoonAndPlansByTheIndex()
    {
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        await PostgresServer.ExecuteAsync(database, Plant);
        await PostgresServer.ExecuteAsync(database, "ANALYZE fleet.schedules");
        var settings = FleetProcess.ServiceSettings(database, host.Uri);

        // 1. A pass with something to plan, passes with next to nothing, and what they ask.
        var (first, planned, others) = await MeasurePassesAsync(settings, database);

        // 2. The scheduler itself, from the start of its process.
        var begun = Stopwatch.GetTimestamp();
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        var ready = Stopwatch.GetElapsedTime(begun);
        await Until.TrueAsync(async () => await CountAsync(database, "SELECT count(*) FROM fleet.leases WHERE expires_at > now()") == 1);
        var leads = Stopwatch.GetElapsedTime(begun);

        // 3. While it plans, it reads what is due and not the table, as it does twice at its start. The server keeps these counts, and
        // tells them late.
        await Until.TrueAsync(async () => await CountAsync(database, LooksByIndex) > 0);
        await Until.TrueAsync(() => Task.FromResult(Stopwatch.GetElapsedTime(begun) > leads + CountsAreToldWithin));
        var (scans, looks) = (await CountAsync(database, Scans), await CountAsync(database, LooksByIndex));
        await Until.TrueAsync(async () => await CountAsync(database, LooksByIndex) >= looks + 10);
        Assert.Equal(scans, await CountAsync(database, Scans));

        var (threads, megabytes) = scheduler.Usage;
        TestContext.Current.SendDiagnosticMessage(
            $"{Schedules} schedules: ready after {ready.TotalSeconds:0.0} s, leads after {leads.TotalSeconds:0.0} s, {megabytes:0} MB, "
            + $"{threads} threads; "
            + $"a pass that plans {planned} takes {first.TotalMilliseconds:0} ms, one with next to nothing to plan "
            + $"{others[others.Count / 2].TotalMilliseconds:0.0} ms (median of {others.Count}).");
    }

    private const string Scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'schedules'";

    private const string LooksByIndex = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'ix_schedules_next'";

    private static Task<long> CountAsync(string database, string sql) => PostgresServer.CountAsync(database, sql);

    private static async Task<(
        TimeSpan First, int Planned, List<TimeSpan> Others)> MeasurePassesAsync(Dictionary<string, string> settings, string database)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
            settings.Select(s => KeyValuePair.Create(s.Key.Replace("__", ":", StringComparison.Ordinal), (string?)s.Value)));
        builder.Services.AddLogging();
        await using var services = builder.AddFleet(fleet => fleet.OnlyEnqueues()).Services.BuildServiceProvider();
        var (lease, plan) = (services.GetRequiredService<LeaderLease>(), services.GetRequiredService<PlanOccurrences>());
        // Before the first query: for a second after one that nobody overheard EF Core does not look whether somebody does.
        using var queries = new PlannedQueries();
        var term = await lease.AcquireAsync("test", TimeSpan.FromMinutes(1), CancellationToken.None);
        var others = new List<TimeSpan>();

        // Warms up what the first pass would pay for: the model, the connection, the code.
        await plan.ExecuteAsync(term!.Value, TimeSpan.Zero, CancellationToken.None);
        var begun = Stopwatch.GetTimestamp();
        var (planned, more) = await plan.ExecuteAsync(term.Value, LookAhead, CancellationToken.None);
        var first = Stopwatch.GetElapsedTime(begun);
        while (more)
            more = (await plan.ExecuteAsync(term.Value, LookAhead, CancellationToken.None)).More;
        for (var i = 0; i < 20; i++)
        {
            begun = Stopwatch.GetTimestamp();
            await plan.ExecuteAsync(term.Value, LookAhead, CancellationToken.None);
            others.Add(Stopwatch.GetElapsedTime(begun));
        }

        others.Sort();
        await lease.ReleaseAsync("test", CancellationToken.None);
        Assert.True(planned > 0, "Nothing was due: that was no plan.");
        var explained = await queries.ExplainAsync(database);
        Assert.Contains("ix_schedules_next", explained, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan on schedules", explained, StringComparison.Ordinal);
        return (first, planned, others);
    }

    /// <summary>Overhears what EF Core asks the table of schedules in this test's flow.</summary>
    private sealed class PlannedQueries : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
    {
        private readonly List<IDisposable> _subscriptions = [];
        private (string Text, NpgsqlParameter[] Parameters)? _last;

        public PlannedQueries() => _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.EntityFrameworkCore")
                _subscriptions.Add(value.Subscribe(this));
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Value is Microsoft.EntityFrameworkCore.Diagnostics.CommandEventData { Command: NpgsqlCommand command }
                && command.CommandText.Contains("FROM fleet.schedules", StringComparison.Ordinal)
                    && command.CommandText.Contains("next_plan_at <=", StringComparison.Ordinal))
            {
                _last = (command.CommandText, [.. command.Parameters.Select(p => p.Clone())]);
            }
        }

        public async Task<string> ExplainAsync(string database)
        {
            var (text, parameters) = _last!.Value;
            await using var connection = new NpgsqlConnection(database);
            await connection.OpenAsync();
            await using var explain = new NpgsqlCommand("EXPLAIN " + text, connection);
            explain.Parameters.AddRange(parameters);
            await using var reader = await explain.ExecuteReaderAsync();
            var lines = new List<string>();
            while (await reader.ReadAsync())
                lines.Add(reader.GetString(0));
            return string.Join('\n', lines);
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        public void Dispose() => _subscriptions.ForEach(s => s.Dispose());
    }
}
