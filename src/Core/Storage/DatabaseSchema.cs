using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Fleet.Core.Storage;

/// <summary>How the database's schema stands to the one that this program needs.</summary>
/// <param name="Applied">The migrations that the database has, oldest first.</param>
/// <param name="Missing">Those that it lacks.</param>
/// <param name="Unknown">Those that this program has never heard of: the database is newer.</param>
public sealed record DatabaseSchema(IReadOnlyList<string> Applied, IReadOnlyList<string> Missing, IReadOnlyList<string> Unknown)
{
    /// <summary>True when program and database agree.</summary>
    public bool IsCurrent => Missing.Count == 0 && Unknown.Count == 0;

    /// <summary>Why they do not agree, and what to do; null when they do.</summary>
    public string? Problem => Unknown.Count > 0
        ? $"The database's schema is newer than this program: it has {Unknown[^1]}, which this program does not know. Use the program that made it, or a later one."
        : Missing.Count > 0
            ? $"The database's schema is older than this program: it lacks {string.Join(", ", Missing)}. Run 'fleet db migrate'."
            : null;

    /// <summary>Compares what the database has with what the program knows.</summary>
    public static DatabaseSchema Of(IReadOnlyList<string> applied, IEnumerable<string> known) =>
        new(applied, [.. known.Except(applied, StringComparer.Ordinal)], [.. applied.Except(known, StringComparer.Ordinal)]);

    /// <summary>The whole schema as SQL, for those who let nothing but a script near their database.</summary>
    public static string Script(IStorage storage)
    {
        using var db = storage.Read();
        return db.GetService<IMigrator>().GenerateScript();
    }
}
