using System.Data.Common;
using System.Globalization;
using System.Text;
using Fleet.Core;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Workers;
using Fleet.Engine;
using Fleet.Engine.Execution;
using Fleet.Storage.Postgres;
using Fleet.Testing;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Fleet.Tests.Engine.Execution;

/// <summary>Round trips and statements of one run on PostgreSQL, from its claim until its fate is written, for each way to complete it.
/// They stand in <c>transaction-path.approved.txt</c>; a change that costs more has to be approved there.</summary>
public sealed class TransactionPathCountersTests(PostgresServer server)
{
    // Statements are prepared by then, on each connection and by their driver's count.
    private const int WarmUps = 12;
    private const int Measured = 5;

    [Fact]
    public async Task Runs_EachWayToComplete_CostWhatWasApproved()
    {
        var database = await server.CreateDatabaseAsync();
        await PostgresServer.ExecuteAsync(database, "CREATE TABLE effect (id uuid PRIMARY KEY)");
        await using var wire = new PostgresWire(new NpgsqlConnectionStringBuilder(database).Port);
        var through = new NpgsqlConnectionStringBuilder(
            database)
        { Port = wire.Port, Pooling = true, SslMode = SslMode.Disable }.ConnectionString;
        var report = new StringBuilder();
        var texts = new StringBuilder();
        foreach (var (name, body) in Ways(through))
        {
            var (statements, roundTrips, executions) = await CountAsync(wire, through, body);
            report.Append(CultureInfo.InvariantCulture, $"{name}: {roundTrips} round trips, {executions} statements\n");
            if (name is "transaction" or "DbTransaction")
                texts.Append(CultureInfo.InvariantCulture, $"\n-- {name}\n{string.Join("\n;\n", statements)}\n");
        }

        await server.DropDatabaseAsync(database);
        Approved.Check(report.Append(texts).ToString(), "transaction-path.approved.txt");
    }

    private static IEnumerable<(string Name, Func<Call, Task> Body)> Ways(string connectionString)
    {
        yield return ("plain", _ => Task.CompletedTask);
        yield return ("transaction", call => call.Context.CompleteAsync((transaction, ct) => InsertAsync(transaction, ct)));
        yield return ("transaction with a follow-up and an event", async call =>
        {
            await call.Context.EnqueueAsync(new Scripted("follow-up"));
            await call.Context.PublishAsync(new Happened("it"));
            await call.Context.CompleteAsync((transaction, ct) => InsertAsync(transaction, ct));
        }
        );
        yield return ("DbContext", async call =>
        {
            await using var db = new Shop(connectionString);
            db.Add(new Effect { Id = Guid.NewGuid() });
            await call.Context.CompleteAsync(db);
        }
        );
        yield return ("DbTransaction", async call =>
        {
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await InsertAsync(transaction, CancellationToken.None);
            await call.Context.CompleteAsync(transaction);
            await transaction.CommitAsync();
        }
        );
        yield return ("effect", call =>
        {
            call.Context.Effect("INSERT INTO effect (id) VALUES (@id)", new { id = Guid.NewGuid() });
            return Task.CompletedTask;
        }
        );
        yield return ("attempt that fails", _ => throw new InvalidOperationException("It fails."));
    }

    private static async Task InsertAsync(DbTransaction transaction, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("INSERT INTO effect (id) VALUES ($1)", (NpgsqlConnection)transaction.Connection!)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = Guid.NewGuid() } },
        };
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Executes one run after the other, without loops and lanes.</summary>
    private static async Task<(IReadOnlyList<string> Statements, int RoundTrips, int Executions)> CountAsync(
        PostgresWire wire, string connectionString, Func<Call, Task> body)
    {
        var (statements, count) = (new List<string>(), (RoundTrips: int.MaxValue, Executions: int.MaxValue));
        await using var storage = new PostgresStorage(connectionString);
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IStorage>(storage)
            .AddTransport(new ScriptedTransport())
            .AddFleetCore()
            .AddFleetWorker(new ConfigurationBuilder().Build());
        new Script(body).AddTo(services);
        await using var provider = services.BuildServiceProvider();
        var worker = await provider.GetRequiredService<RegisterWorkers>().RegisterAsync(
            "w", new Dictionary<string, int>(StringComparer.Ordinal) { ["default"] = 8 }, TimeSpan.FromHours(1), CancellationToken.None);
        for (var round = 0; round < WarmUps + Measured; round++)
        {
            var request = new RunRequest { Job = "test.scripted", Args = "{}", By = Somebody.Me, Options = new EnqueueOptions() };
            var id = (await provider.GetRequiredService<EnqueueRuns>().ExecuteAsync(request, CancellationToken.None)).Id;
            wire.Take();
            var claimed = await provider.GetRequiredService<ClaimRuns>().ExecuteAsync(worker, id, CancellationToken.None);
            await provider.GetRequiredService<ExecuteRuns>().ExecuteAsync(claimed.Run!, _ => { });
            var taken = wire.Take();
            // The first round opens the connections. Later the process asks now and then how many it may have, which is no cost of a run.
            if (round is > 0 and < WarmUps)
                statements.AddRange(taken.Statements);
            else if (round >= WarmUps && taken.Executions < count.Executions)
                count = (taken.RoundTrips, taken.Executions);
        }

        return ([.. statements.Distinct(StringComparer.Ordinal)], count.RoundTrips, count.Executions);
    }

    private sealed class Effect
    {
        public Guid Id { get; init; }
    }

    private sealed class Shop(string connectionString) : DbContext
    {
        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseNpgsql(connectionString);

        protected override void OnModelCreating(ModelBuilder modelBuilder) =>
            modelBuilder.Entity<Effect>().ToTable("effect").Property(e => e.Id).HasColumnName("id");
    }
}
