using System.Collections.Frozen;
using System.Globalization;

namespace Fleet.Core.Effects;

/// <summary>The parts of a database's SQL syntax that are needed to find the parameters of a statement and to refuse words that must not
/// occur in a shared transaction.</summary>
public sealed record EffectSyntax
{
    /// <summary>The database's name, for messages.</summary>
    public required string Database { get; init; }

    /// <summary>The words that a statement may begin with.</summary>
    public required FrozenSet<string> FirstWords { get; init; }

    /// <summary>Words that must not occur in a statement unless they are quoted, because they would end the shared transaction or change
    /// its connection.</summary>
    public required FrozenSet<string> RefusedWords { get; init; }

    /// <summary>The mark of a parameter, before its number from 1.</summary>
    public required string Mark { get; init; }

    /// <summary>Characters that mark the database's own parameters, for which there is no value.</summary>
    public string OwnMarks { get; init; } = "";

    /// <summary>True if comments in <c>/* */</c> can be nested.</summary>
    public bool NestsComments { get; init; }

    /// <summary>Whether names may be quoted as <c>[name]</c>.</summary>
    public bool HasBrackets { get; init; }

    /// <summary>Whether names may be quoted as <c>`name`</c>.</summary>
    public bool HasBackticks { get; init; }

    /// <summary>Whether there are strings in <c>$tag$</c>, strings with escapes as <c>E'\''</c>, and operators with an at sign.</summary>
    public bool IsPostgres { get; init; }

    /// <summary>Whether names may hold an at sign, <c>@@name</c> is a variable of the server, and <c>EXEC p @name = …</c> names a parameter
    /// of the procedure.</summary>
    public bool IsTransactSql { get; init; }

    public static EffectSyntax Postgres { get; } = new()
    {
        Database = "PostgreSQL",
        FirstWords = Words("INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "SELECT", "CALL"),
        RefusedWords = Words(
            "set_config", "pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared"),
        Mark = "$",
        OwnMarks = "$",
        NestsComments = true,
        IsPostgres = true,
    };

    public static EffectSyntax Sqlite { get; } = new()
    {
        Database = "SQLite",
        FirstWords = Words("INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "SELECT"),
        // INSERT OR ROLLBACK undoes the whole transaction.
        RefusedWords = Words("ROLLBACK"),
        Mark = "@p",
        OwnMarks = "$:?",
        HasBrackets = true,
        HasBackticks = true,
    };

    /// <remarks>Several statements need no semicolon in between, so the words that may not stand there are refused everywhere. They are
    /// reserved: nothing can be named so without quotes.</remarks>
    public static EffectSyntax SqlServer { get; } = new()
    {
        Database = "SQL Server",
        FirstWords = Words("INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "SELECT", "EXEC", "EXECUTE"),
        RefusedWords = Words("BEGIN", "COMMIT", "ROLLBACK", "SAVE", "TRAN", "TRANSACTION", "USE", "WAITFOR", "RECONFIGURE", "SHUTDOWN"),
        Mark = "@p",
        NestsComments = true,
        HasBrackets = true,
        IsTransactSql = true,
    };

    /// <summary>The mark of a parameter.</summary>
    /// <param name="number">From 1.</param>
    public string MarkOf(int number) => Mark + number.ToString(CultureInfo.InvariantCulture);

    private static FrozenSet<string> Words(params string[] words) => words.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
}
