using System.Collections;

namespace Fleet.Cli.Printing;

/// <summary>What a column holds.</summary>
public enum ColumnKind
{
    /// <summary>Text, which is cut when the terminal is too narrow.</summary>
    Text,

    /// <summary>An id: never cut, because it is copied.</summary>
    Id,

    /// <summary>A state, a status or an outcome: never cut, coloured on a terminal.</summary>
    State,
}

/// <summary>A column of a list.</summary>
/// <param name="Name">In capitals; <c>--columns</c> takes it in any case.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="IsWide">Whether it is shown only with <c>-o wide</c> or <c>--columns</c>.</param>
/// <param name="Exact">The value, for a program.</param>
/// <param name="Short">The value for a person, when it differs, such as <c>12s ago</c>.</param>
public sealed record Column<T>(
    string Name, ColumnKind Kind, bool IsWide, Func<T, string?> Exact, Func<T, DateTimeOffset, string?>? Short = null);

/// <summary>How the things of a list are printed: their columns, and the id of each. Written as a collection initializer.</summary>
/// <param name="id">The id, for <c>-o name</c>.</param>
public sealed class Listing<T>(Func<T, string> id) : IEnumerable<Column<T>>
{
    private readonly List<Column<T>> _columns = [];

    /// <summary>The id, for <c>-o name</c>.</summary>
    public Func<T, string> Id { get; } = id;

    /// <summary>Adds a column of text.</summary>
    public void Add(string name, Func<T, string?> value, ColumnKind kind = ColumnKind.Text, bool isWide = false) =>
        _columns.Add(new Column<T>(name, kind, isWide, value));

    /// <summary>Adds a column of instants: ISO 8601, and in a table how far they are from now.</summary>
    public void Add(string name, Func<T, DateTimeOffset?> instant, bool isWide = false) => _columns.Add(
        new Column<T>(name, ColumnKind.Text, isWide, x => Times.Instant(instant(x)), (x, now) => Times.Relative(instant(x), now)));

    /// <summary>The columns to print.</summary>
    /// <param name="names">What <c>--columns</c> says; null for the usual ones.</param>
    /// <param name="isWide">Whether all are usual.</param>
    /// <exception cref="UsageException">There is no such column.</exception>
    public IReadOnlyList<Column<T>> Choose(string? names, bool isWide)
    {
        if (names is null)
            return [.. _columns.Where(c => isWide || !c.IsWide)];
        return [.. names.Split(',', StringSplitOptions.TrimEntries).Select(name =>
            _columns.Find(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException(
                $"--columns: there is no column '{name}'; allowed are {string.Join(", ", _columns.Select(c => c.Name))}."))];
    }

    /// <inheritdoc/>
    public IEnumerator<Column<T>> GetEnumerator() => _columns.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
