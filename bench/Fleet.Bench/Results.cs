using System.Runtime.InteropServices;
using System.Text.Json;
using Fleet.Bench.Servers;

namespace Fleet.Bench;

/// <summary>All that the rounds brought.</summary>
internal sealed class Results(Scale scale)
{
    private readonly List<Result> _results = [];

    /// <summary>How JSON is written for people.</summary>
    public static JsonSerializerOptions Indented { get; } = new(JsonSerializerOptions.Web) { WriteIndented = true };

    /// <summary>True when a turn failed.</summary>
    public bool HasErrors => _results.Any(r => r.Errors.Count > 0);

    public IReadOnlyList<Result> All => _results;

    /// <summary>Versions of servers and packages.</summary>
    public SortedDictionary<string, string> Versions { get; } = new(StringComparer.Ordinal);

    public Result For(Contender contender)
    {
        var result = _results.FirstOrDefault(r => r.Contender == contender);
        if (result is null)
            _results.Add(result = new Result(contender));
        return result;
    }

    public Task WriteAsync(string file) => File.WriteAllTextAsync(file, JsonSerializer.Serialize(
        new
        {
            at = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ"),
            form = scale.Name,
            rounds = scale.Rounds,
            machine =
                new { cores = Environment.ProcessorCount, os = RuntimeInformation.OSDescription, dotnet = Environment.Version.ToString() },
            aims = Aims.Of(this).Select(aim => new { name = aim.Name, value = aim.Value, bound = aim.Bound, reached = aim.IsReached }),
            settings = new { postgres = PostgresServer.Settings, callers = 64, args_bytes = 200 },
            versions = Versions,
            contenders = _results.Select(r => new
            {
                name = r.Contender.Name,
                setup = r.Contender.Setup,
                counts = r.Counts,
                errors = r.Errors,
                figures = r.Names.ToDictionary(name => name, name => new { median = r.Median(name), rounds = r.Rounds(name) }),
            }),
        },
        Indented));
}

/// <summary>What the rounds brought for one contender.</summary>
internal sealed class Result(Contender contender)
{
    private readonly Dictionary<string, List<double>> _figures = [];

    public Contender Contender => contender;

    public Dictionary<string, int> Counts { get; } = [];

    public List<string> Errors { get; } = [];

    public IEnumerable<string> Names => _figures.Keys;

    public void Add(Turn turn)
    {
        foreach (var (name, value) in turn.Figures)
        {
            if (!_figures.TryGetValue(name, out var values))
                _figures[name] = values = [];
            values.Add(value);
        }

        foreach (var (name, count) in turn.Counts)
            Counts[name] = count;
    }

    /// <summary>In the order of the rounds.</summary>
    public IReadOnlyList<double> Rounds(string name) => _figures[name];

    /// <summary>How many times another figure this one is: the middle one of the rounds, each compared within itself. Null where one is
    /// missing.</summary>
    public double? Ratio(string name, Result? other, string by)
    {
        if (!_figures.TryGetValue(name, out var mine) || other is null || !other._figures.TryGetValue(by, out var theirs))
            return null;
        var ratios = mine.Zip(theirs, (a, b) => a / b).Order().ToList();
        return ratios[(ratios.Count - 1) / 2];
    }

    /// <summary>The largest of the rounds.</summary>
    public double? Most(string name) => _figures.TryGetValue(name, out var values) ? values.Max() : null;

    /// <summary>The middle one; of two, the lower. Null where nothing was measured.</summary>
    public double? Median(string name) =>
        _figures.TryGetValue(name, out var values) ? values.Order().ElementAt((values.Count - 1) / 2) : null;
}
