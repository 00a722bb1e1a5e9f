using Fleet.Core.Text;

namespace Fleet.Core.Storage;

/// <summary>The section <c>Fleet:Storage</c>.</summary>
public sealed class StorageOptions
{
    /// <summary>The name of the section.</summary>
    public const string Section = "Fleet:Storage";

    /// <summary>As the driver of the database takes it. Required except for SQLite, whose default is the file <c>.fleet/fleet.db</c> in the
    /// program's folder.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The schema of Fleet's tables, on PostgreSQL and SQL Server; <see cref="FleetSchema.Allowed"/>.
    /// Default: <c>fleet</c>.</summary>
    public string? Schema { get; set; }

    /// <summary>True: the start creates or updates Fleet's tables. False: it refuses to start on an older schema. Default: true.</summary>
    public bool MigrateAtStart { get; set; } = true;

    /// <summary>What is wrong with the values; empty if nothing is.</summary>
    /// <param name="provider">The provider, as the setting names it.</param>
    /// <param name="database">The database, as people call it.</param>
    /// <param name="example">A connection string, for people.</param>
    /// <param name="read">Reads the connection string.</param>
    public IEnumerable<string> Check(string provider, string database, string example, Action<string> read)
    {
        if (string.IsNullOrEmpty(ConnectionString))
        {
            yield return $"{Section}:ConnectionString is missing; {database} needs one, such as {example} (as an environment variable: "
                + "Fleet__Storage__ConnectionString).";
        }
        else if (Refuse(provider, read) is { } problem)
        {
            yield return problem;
        }

        if (!string.IsNullOrEmpty(Schema) && !FleetSchema.IsAllowed(Schema))
            yield return $"{Section}:Schema: '{Schema}' is not allowed; allowed is {FleetSchema.Allowed}.";
    }

    private string? Refuse(string provider, Action<string> read)
    {
        try
        {
            read(ConnectionString!);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"{Section}:ConnectionString is not a connection string for {provider}: {Secrets.HideIn(e.Message, ConnectionString!)}";
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }
}
