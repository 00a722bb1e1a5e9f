using System.Text.RegularExpressions;
using Fleet.Core.Storage;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Fleet.Tests.Upgrade;

/// <summary>A database as the migration <c>Initial</c> built it, with rows in every state, kept as text beside this file: the SQL that
/// builds the tables, and an INSERT for each row. Every later migration has to upgrade it. <c>./build.sh dump</c> makes the file anew,
/// until the first release freezes it.</summary>
/// <param name="file">The name of the file.</param>
public abstract partial class FrozenDatabase(string file) : TestDatabase
{
    /// <summary>The migration that built the tables.</summary>
    public const string Initial = "20261130000000_Initial";

    private const string RowsBegin = "\n-- The rows.\n";

    /// <summary>The SQL that builds the tables.</summary>
    public string Schema => Read()[0];

    /// <summary>An INSERT for each row. It names the columns of <c>Initial</c>, as a program of that version does.</summary>
    public string Rows => Read()[1];

    /// <summary>The columns of each table of the file, as SQL.</summary>
    public IReadOnlyDictionary<string, string> Tables => Inserts().Matches(Rows)
        .DistinctBy(m => m.Groups["table"].Value)
        .ToDictionary(m => m.Groups["table"].Value, m => m.Groups["columns"].Value, StringComparer.Ordinal);

    /// <summary>Makes a database with what the file holds.</summary>
    public override async Task CreateAsync()
    {
        await CreateEmptyAsync();
        await ExecuteAsync(Schema);
        await ExecuteAsync(Rows);
    }

    /// <summary>Applies every later migration as <c>fleet db migrate</c> does, and then one that only the tests have.</summary>
    public async Task UpgradeAsync()
    {
        var storage = Open(TimeProvider.System);
        await storage.MigrateAsync(CancellationToken.None);
        await ((IAsyncDisposable)storage).DisposeAsync();
        await using var db = OpenForLaterMigration();
        await db.Database.MigrateAsync();
        Assert.Equal(LaterMigration.Id, (await db.Database.GetAppliedMigrationsAsync()).Last());
    }

    /// <summary>Each row as an INSERT of the given columns.</summary>
    /// <param name="tables">Which columns of which tables.</param>
    /// <param name="connectionString">The database; null for this one.</param>
    public abstract Task<IReadOnlyList<string>> ReadRowsAsync(
        IReadOnlyDictionary<string, string> tables, string? connectionString = null);

    /// <summary>Executes any number of statements.</summary>
    public abstract Task ExecuteAsync(string sql);

    /// <summary>Writes the file anew.</summary>
    /// <param name="storage">A database of this kind, with Fleet's tables and rows.</param>
    /// <param name="connectionString">The same database.</param>
    public async Task FreezeAsync(IStorage storage, string connectionString)
    {
        await using var db = storage.Read();
        var tables = db.Model.GetRelationalModel().Tables.OrderBy(t => t.Name, StringComparer.Ordinal)
            .ToDictionary(QualifiedName, t => string.Join(", ", t.Columns.Select(c => $"\"{c.Name}\"")), StringComparer.Ordinal);
        var rows = await ReadRowsAsync(tables, connectionString);
        var filled = Inserts().Matches(string.Join('\n', rows)).Select(m => m.Groups["table"].Value).ToHashSet(StringComparer.Ordinal);
        Assert.True(filled.SetEquals(tables.Keys), $"FillDatabase leaves empty: {string.Join(", ", tables.Keys.Except(filled))}.");
        var numbered = db.Model.GetRelationalModel().Tables
            .Where(t => t.PrimaryKey?.Columns is [{ Name: "id" } id] && id.PropertyMappings[0].Property.ClrType == typeof(long))
            .Select(QualifiedName).Order(StringComparer.Ordinal);
        await File.WriteAllTextAsync(
            PathOf(file), ScriptOfInitial(db) + RowsBegin + string.Join('\n', rows.Concat(AfterRows(numbered))) + "\n");
    }

    /// <summary>The SQL with which <c>Initial</c> builds the tables, without the version of the tool.</summary>
    public static string ScriptOfInitial(FleetDbContext db) => ToolVersion().Replace(
        db.GetService<IMigrator>().GenerateScript(fromMigration: null, Initial).ReplaceLineEndings("\n"), "'10.0.0'");

    /// <summary>A file of this folder.</summary>
    public static string PathOf(string file) => Path.Combine(Repository.Root, "tests", "Fleet.Tests", "Upgrade", file);

    protected abstract Task CreateEmptyAsync();

    /// <summary>A context that knows <see cref="LaterMigration"/> too.</summary>
    protected abstract FleetDbContext OpenForLaterMigration();

    /// <summary>Statements after the rows.</summary>
    /// <param name="numbered">The tables whose rows the database numbers.</param>
    protected virtual IEnumerable<string> AfterRows(IEnumerable<string> numbered) => [];

    private static string QualifiedName(ITable table) => table.Schema is null ? table.Name : $"{table.Schema}.{table.Name}";

    private string[] Read() => File.ReadAllText(PathOf(file)).ReplaceLineEndings("\n").Split(RowsBegin);

    [GeneratedRegex(
        @"^INSERT INTO (?<table>\S+) \((?<columns>[^)]*)\) VALUES", RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Inserts();

    [GeneratedRegex(@"'10\.\d+\.\d+'", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ToolVersion();
}
