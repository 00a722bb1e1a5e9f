namespace Fleet.Cli.Printing;

/// <summary>The facts about one thing: names and values. What has no value is left out.</summary>
public sealed class Facts
{
    private readonly List<(string Name, string Value, bool IsState)> _facts = [];

    /// <summary>Adds a fact.</summary>
    public void Add(string name, string? value)
    {
        if (!string.IsNullOrWhiteSpace(value))
            _facts.Add((name, value.Trim(), IsState: false));
    }

    /// <summary>Adds a state, a status or an outcome.</summary>
    public void AddState(string name, string state) => _facts.Add((name, state, IsState: true));

    /// <summary>A line per fact: in two columns, or tab-separated.</summary>
    internal IEnumerable<string> Lines(bool isTsv, bool hasColor)
    {
        if (isTsv)
            return _facts.Select(f => $"{f.Name}\t{Plain.Line(f.Value)}");
        var width = _facts.Max(f => f.Name.Length);
        return _facts.Select(f =>
        {
            var name = f.Name.PadRight(width + 2);
            var value = Plain.Lines(f.Value).Replace("\n", "\n" + new string(' ', width + 2), StringComparison.Ordinal);
            return hasColor ? Colors.Dim(name) + (f.IsState ? Colors.State(value) : value) : name + value;
        });
    }
}
