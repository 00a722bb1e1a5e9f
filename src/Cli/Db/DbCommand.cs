using System.CommandLine;
using System.Text.Json.Nodes;
using Fleet.Cli.Access;
using Fleet.Cli.Printing;
using Fleet.Core.Storage;
using Fleet.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Cli.Db;

/// <summary><c>fleet db</c>: the database's schema, from the place where deployments run. Reads <c>Fleet:Storage</c> from the
/// environment as the services do.</summary>
public static class DbCommand
{
    internal static readonly Option<string> Provider = new("--provider")
    {
        Description = "Sqlite, Postgres or SqlServer. Default: Fleet__Storage__Provider, else Sqlite.",
        HelpName = "NAME",
        Recursive = true,
    };

    internal static readonly Option<string> Connection = new("--connection")
    {
        Description = "The connection string. Default: Fleet__Storage__ConnectionString.",
        HelpName = "TEXT",
        Recursive = true,
    };

    internal static readonly Option<string> Schema = new("--schema")
    {
        Description = "The schema of Fleet's tables. Default: Fleet__Storage__Schema, else fleet.",
        HelpName = "NAME",
        Recursive = true,
    };

    private static readonly Option<string> Wait = new("--wait")
    {
        Description = "How long to wait for a database that does not answer yet, such as 30s or 2m. Default: do not wait.",
        HelpName = "PERIOD",
    };

    public static Command Command(CommandContext cli)
    {
        var migrate = new Command("migrate", "Bring the schema up to date. Does nothing if it is up to date already.") { Wait };
        migrate.SetAction(
            (parsed, ct) =>
                UseAsync(
                    parsed, (storage, _) => MigrateAsync(storage, WaitForDatabase.Read(parsed.GetValue(Wait)), cli, parsed, ct), ct));
        var status = new Command(
            "status", "Show which migrations the database has and lacks; exit code 1 when it and this program do not agree.");
        status.SetAction((parsed, ct) => UseAsync(
            parsed, (storage, _) => StatusAsync(storage, cli.Output(parsed), ct), ct));
        var script = new Command("script", "Print the whole schema as SQL, for an empty database; needs no connection.");
        script.SetAction((parsed, ct) =>
        {
            cli.RefuseFormats(parsed, "SQL");
            return UseAsync(parsed, ScriptAsync, ct);
        });
        return new Command("db", "The schema of the database.") { Provider, Connection, Schema, migrate, status, script };
    }

    /// <summary>Does something with the database itself.</summary>
    /// <exception cref="CommandFailedException">The database does not answer or refuses.</exception>
    internal static async Task<int> UseAsync(
        ParseResult parsed, Func<IStorage, CancellationToken, Task<ExitCode>> work, CancellationToken ct)
    {
        var given = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (parsed.GetValue(Provider) is { } provider)
            given[$"{StorageOptions.Section}:Provider"] = provider;
        if (parsed.GetValue(Connection) is { } connection)
            given[$"{StorageOptions.Section}:ConnectionString"] = connection;
        if (parsed.GetValue(Schema) is { } schema)
            given[$"{StorageOptions.Section}:Schema"] = schema;
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection(given).Build();
        IStorage? storage = null;
        try
        {
            await using var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddFleetStorage(configuration)
                .BuildServiceProvider();
            storage = services.GetRequiredService<IStorage>();
            return (int)await work(storage, ct);
        }
        catch (Exception e) when (FleetHost.Explain(e) is { } reason)
        {
            // To a server that was refused by its database this passes like an outage; here it is the answer.
            var isRefused = storage?.IsAccessRefused(e) == true;
            var isAway = !isRefused && (e is DatabaseUnavailableException || storage?.IsOutage(e) == true);
            var hasWaited = parsed.CommandResult.Command.Options.Contains(Wait) && parsed.GetValue(Wait) is not null;
            throw new CommandFailedException(
                reason, !isAway ? ExitCode.Failure : hasWaited ? ExitCode.WaitTimeout : ExitCode.Unreachable);
        }
    }

    private static async Task<ExitCode> MigrateAsync(
        IStorage storage, TimeSpan patience, CommandContext cli, ParseResult parsed, CancellationToken ct)
    {
        // Before the change: a format that cannot be printed is refused.
        var output = cli.Output(parsed);
        await WaitForDatabase.ToAnswerAsync(storage, patience, cli.Time, ct);
        var before = await storage.ReadSchemaAsync(ct);
        await storage.MigrateAsync(ct);
        await ImportAdminKey.ExecuteAsync(storage, cli, ct);
        var applied = new JsonArray([.. before.Missing.Select(name => JsonValue.Create(name))]);
        output.Answer(
            new JsonObject { ["applied"] = applied }.ToElement(), string.Join('\n', before.Missing),
            before.IsCurrent ? "The schema is up to date." : $"Applied {string.Join(", ", before.Missing)}.");
        return ExitCode.Ok;
    }

    private static async Task<ExitCode> StatusAsync(IStorage storage, Output output, CancellationToken ct)
    {
        var schema = await storage.ReadSchemaAsync(ct);
        var json = new JsonObject
        {
            ["isCurrent"] = schema.IsCurrent,
            ["applied"] = new JsonArray([.. schema.Applied.Select(name => JsonValue.Create(name))]),
            ["missing"] = new JsonArray([.. schema.Missing.Select(name => JsonValue.Create(name))]),
            ["problem"] = schema.Problem,
        };
        output.Answer(json.ToElement(), string.Join('\n', schema.Applied), () => Show(schema));
        return schema.IsCurrent ? ExitCode.Ok : ExitCode.Failure;
    }

    private static void Show(DatabaseSchema schema)
    {
        foreach (var migration in schema.Applied)
            Console.WriteLine($"applied  {migration}");
        foreach (var migration in schema.Missing)
            Console.WriteLine($"missing  {migration}");
        Console.WriteLine(schema.Problem ?? "The schema is up to date.");
    }

    private static Task<ExitCode> ScriptAsync(IStorage storage, CancellationToken ct)
    {
        Console.Write(DatabaseSchema.Script(storage));
        return Task.FromResult(ExitCode.Ok);
    }
}
