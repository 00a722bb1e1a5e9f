using System.Globalization;

namespace Fleet.Bench;

/// <summary>The command line.</summary>
/// <param name="Scale">The form.</param>
/// <param name="Only">The contenders that take part.</param>
/// <param name="Json">Where the result goes; null for nowhere.</param>
/// <param name="KeepsLogs">Whether the folder with logs and data stays.</param>
/// <param name="SoakMinutes">How long Fleet alone is under steady load; null for the comparison.</param>
/// <param name="Phases">The phases and ways that are wanted; empty for all.</param>
internal sealed record BenchOptions(
    Scale Scale, IReadOnlyList<Contender> Only, string? Json, bool KeepsLogs, int? SoakMinutes, string[] Phases)
{
    /// <summary>The phase of jobs that do nothing.</summary>
    public const string Comparison = "comparison";

    public const string Usage = "Usage: bench/run.sh [--quick|--smoke] [--only NAME,NAME…] [--phases NAME,NAME…] [--json FILE] [--keep], "
        + "bench/run.sh --soak MINUTES [--smoke] [--json FILE] [--keep], "
        + "or bench/run.sh --embedded [--quick] [--json FILE]";

    /// <exception cref="InvalidOperationException">Something is not understood; says what is allowed.</exception>
    public static BenchOptions Parse(string[] args)
    {
        var options = new BenchOptions(Scale.Full, [.. Contenders.All.Where(c => c.Missing is null)], null, false, null, []);
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--quick" => options with { Scale = Scale.Quick },
                "--smoke" => options with { Scale = Scale.Smoke },
                "--keep" => options with { KeepsLogs = true },
                "--soak" when i + 1 < args.Length => options with { SoakMinutes = Minutes(args[++i]) },
                "--only" when i + 1 < args.Length => options with { Only = [.. args[++i].Split(',').Select(Find)] },
                "--phases" when i + 1 < args.Length => options with { Phases = [.. args[++i].Split(',').Select(FindPhase)] },
                "--json" when i + 1 < args.Length => options with { Json = Path.GetFullPath(args[++i]) },
                _ => throw new InvalidOperationException($"'{args[i]}' is not understood. {Usage}"),
            };
        }

        return options;
    }

    /// <summary>Whether the contender takes part in the comparison.</summary>
    public bool Compares(Contender contender) =>
        contender.IsCompared && (Phases.Length == 0 || Phases.Contains(Comparison, StringComparer.Ordinal));

    /// <summary>The contender's ways that are wanted.</summary>
    public IReadOnlyList<Way> WaysOf(Contender contender) =>
        [
            .. contender.Ways.Where(
                way => Phases.Length == 0 || Phases.Contains(way.Phase, StringComparer.Ordinal)
                    || Phases.Contains(way.Name, StringComparer.Ordinal))];

    private static string FindPhase(string name)
    {
        string[] known = [
            Comparison,
            .. Contenders.All.SelectMany(c => c.Ways).SelectMany(way => new[] { way.Phase, way.Name }).Distinct(StringComparer.Ordinal)];
        return known.Contains(name, StringComparer.Ordinal)
            ? name
            : throw new InvalidOperationException($"There is no phase '{name}'; there are {string.Join(", ", known)}.");
    }

    private static int Minutes(string text) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out var minutes) && minutes is >= 1 and <= 1440
        ? minutes
        : throw new InvalidOperationException($"--soak: '{text}' is not allowed; allowed is a number of minutes from 1 to 1440.");

    private static Contender Find(string name)
    {
        var contender = Contenders.All.FirstOrDefault(c => c.Name == name)
            ?? throw new InvalidOperationException(
                $"There is no contender '{name}'; there are {string.Join(", ", Contenders.All.Select(c => c.Name))}.");
        return contender.Missing is { } missing ? throw new InvalidOperationException($"{name}: {missing}") : contender;
    }
}
