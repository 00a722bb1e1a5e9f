using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fleet.Core.Storage;

/// <summary>How the database's schema stands to the one that this program needs.</summary>
/// <param name="Applied">The migrations that the database has, oldest first.</param>
/// <param name="Missing">Those that it lacks.</param>
/// <param name="Unknown">Those that this program has never heard of: the database is newer.</param>
public sealed record DatabaseSchema(IReadOnlyList<string> Applied, IReadOnlyList<string> Missing, IReadOnlyList<string> Unknown)
{
    /// <summary>Why this program can neither use nor migrate the database, in a sentence; null if it can.</summary>
    public string? Obstacle { get; init; }

    /// <summary>True when program and database agree.</summary>
    public bool IsCurrent => Missing.Count == 0 && Unknown.Count == 0 && Obstacle is null;

    /// <summary>Why they do not agree, and what to do; null when they do.</summary>
    public string? Problem => Obstacle ?? (Unknown.Count > 0
        ? $"The database's schema is newer than this program: it has {Unknown[^1]}, which this program does not know. "
            + "Use the program that made it, or a later one."
        : Missing.Count == 0
            ? null
            : (Applied.Count == 0
                ? $"The database has no tables of Fleet yet{(Place is null ? "" : $" in the schema '{Place}'")}."
                : $"The database's schema is older than this program: it lacks {string.Join(", ", Missing)}.")
                + " Run 'fleet db migrate'.");

    /// <summary>The name of the schema that was looked at; null in a database without schemas.</summary>
    public string? Place { get; init; }

    /// <summary>Compares what the database has with what the program knows.</summary>
    public static DatabaseSchema Of(FleetSchema schema, IReadOnlyList<string> applied, IEnumerable<string> known) =>
        new(applied, [.. known.Except(applied, StringComparer.Ordinal)], [.. applied.Except(known, StringComparer.Ordinal)])
        {
            Place = schema.IsPrefix ? null : schema.Name,
        };

    /// <summary>Reads the migrations of a context's database, and whether it has the tables of an earlier Fleet.</summary>
    /// <param name="db">Reads.</param>
    /// <param name="schema">Where Fleet's tables stand.</param>
    /// <param name="old">The name of the earlier table of runs.</param>
    /// <param name="countOld">SQL that counts those columns of the earlier table that no other table would have, both,
    /// as <c>Value</c>.</param>
    /// <param name="ct">Cancels the reading.</param>
    public static async Task<DatabaseSchema> ReadAsync(
        FleetDbContext db, FleetSchema schema, string old, string countOld, CancellationToken ct)
    {
        var found = Of(schema, [.. await db.Database.GetAppliedMigrationsAsync(ct)], [.. db.Database.GetMigrations()]);
        var isOld = found.Applied.Count == 0 && await db.GetService<IRelationalDatabaseCreator>().ExistsAsync(ct)
            && await db.Database.SqlQueryRaw<int>(countOld).SingleAsync(ct) == 2;
        return isOld ? found with { Obstacle = OldTables(old, schema) } : found;
    }

    /// <summary>The sentence about tables of an earlier Fleet.</summary>
    /// <param name="table">Its table of runs, as in <c>public.runs</c>.</param>
    /// <param name="schema">Where this program's tables stand.</param>
    public static string OldTables(string table, FleetSchema schema) =>
        $"The database has tables of an earlier Fleet ({table} and others), and this program, whose tables stand in "
            + (schema.IsPrefix ? "fleet_runs and others" : $"the schema {schema.Name}")
            + ", does not take them over: use another database, or drop the old tables.";

    /// <summary>The sentence for a login that may not create or change the tables.</summary>
    public static string MayNotMigrate(FleetSchema schema, string error) =>
        $"The schema '{schema.Name}' is not up to date, and the login of the connection string may not change it ({error}). "
            + "Run 'fleet db migrate' with a login that may create schemas and tables.";

    /// <summary>Whether migrations are missing.</summary>
    /// <exception cref="InvalidOperationException">The database cannot be migrated by this program.</exception>
    public bool MustMigrate() =>
        Obstacle is not null || Unknown.Count > 0
            ? throw new InvalidOperationException(Problem)
            : Missing.Count > 0;

    /// <summary>The whole schema as SQL, for those who let nothing but a script near their database.</summary>
    public static string Script(IStorage storage)
    {
        using var db = storage.Read();
        var script = db.GetService<IMigrator>().GenerateScript();
        return storage.Schema.IsPrefix ? script : storage.Schema.In(script);
    }
}
