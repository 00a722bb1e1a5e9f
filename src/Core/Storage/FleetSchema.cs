using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Fleet.Core.Storage;

/// <summary>Where Fleet's tables stand: in a schema of their own, or under a prefix in a database without schemas. They share a database
/// with the tables of others, so every statement names the schema and none relies on a search path.</summary>
/// <remarks>SQL text names the tables <c>fleet.runs</c>, whatever the schema is called. A storage passes each text through
/// <see cref="In"/>, which puts the real name there once and remembers the result. With the default name the text stays as it is.</remarks>
public sealed partial class FleetSchema
{
    /// <summary>The name of the schema if the setting is missing, and the name that SQL text uses.</summary>
    public const string DefaultName = "fleet";

    /// <summary>The table of EF Core that lists the applied migrations.</summary>
    public const string History = "migrations";

    /// <summary>What <see cref="Create"/> allows, for error messages.</summary>
    public const string Allowed =
        "1–63 lower-case letters, digits and '_', starting with a letter, "
            + "and no schema of the database's own (public, dbo, guest, sys, information_schema, pg_…, db_…)";

    // Texts that are put together for each call would otherwise fill the memory.
    private const int MaxTexts = 1000;

    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);

    private FleetSchema(string name, bool isPrefix) => (Name, IsPrefix) = (name, isPrefix);

    /// <summary>Tables in the schema <c>fleet</c>.</summary>
    public static FleetSchema Default { get; } = new(DefaultName, isPrefix: false);

    /// <summary>Tables with the prefix <c>fleet_</c>.</summary>
    public static FleetSchema Prefix { get; } = new(DefaultName, isPrefix: true);

    /// <summary>The schema's name, without quotes.</summary>
    public string Name { get; }

    /// <summary>True if the tables have the prefix <c>fleet_</c> instead of a schema.</summary>
    public bool IsPrefix { get; }

    /// <summary>The schema of that name; <see cref="Default"/> for null or an empty text.</summary>
    /// <exception cref="ArgumentException">The name is not <see cref="Allowed"/>.</exception>
    public static FleetSchema Create(string? name)
    {
        if (string.IsNullOrEmpty(name) || name == DefaultName)
            return Default;
        return IsAllowed(name)
            ? new FleetSchema(name, isPrefix: false)
            : throw new ArgumentException($"'{name}' is not allowed; allowed is {Allowed}.", nameof(name));
    }

    /// <summary>True for the name of a schema that Fleet can have for itself.</summary>
    public static bool IsAllowed(string name) => Form().IsMatch(name) && !Reserved().IsMatch(name);

    /// <summary>The text with the real name of the schema.</summary>
    /// <param name="sql">Fleet's own SQL. It may not contain text of users.</param>
    public string In(string sql)
    {
        if (ReferenceEquals(this, Default))
            return sql;
        if (_texts.TryGetValue(sql, out var known))
            return known;
        var text = IsPrefix ? Qualifier().Replace(sql, "fleet_") : Names().Replace(sql, Rename);
        if (_texts.Count < MaxTexts)
            _texts.TryAdd(sql, text);
        return text;
    }

    /// <summary>The table's name as a catalog knows it: without the schema, with the prefix.</summary>
    public string Table(string table) => IsPrefix ? $"{Name}_{table}" : table;

    // Migrations are generated for the schema "fleet". The tool writes the name in all these ways, and so do their queries of the catalogs.
    private string Rename(Match name) => name.Value switch
    {
        "[fleet]" => $"[{Name}]",
        "'fleet'" => $"'{Name}'",
        _ => $"\"{Name}\"",
    };

    [GeneratedRegex("^[a-z][a-z0-9_]{0,62}\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Form();

    [GeneratedRegex(
        "^(?:public|dbo|guest|sys|information_schema|pg_.*|db_.*)\\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Reserved();

    [GeneratedRegex(@"\bfleet\.", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Qualifier();

    [GeneratedRegex(
        @"\bfleet(?=\.)|(?<=\bSCHEMA )fleet\b|\[fleet\]|'fleet'",
        RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Names();
}
