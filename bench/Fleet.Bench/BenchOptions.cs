namespace Fleet.Bench;

/// <summary>The command line.</summary>
/// <param name="Scale">The form.</param>
/// <param name="Only">The contenders that take part.</param>
/// <param name="Json">Where the result goes; null for nowhere.</param>
/// <param name="KeepsLogs">Whether the folder with logs and data stays.</param>
internal sealed record BenchOptions(Scale Scale, IReadOnlyList<Contender> Only, string? Json, bool KeepsLogs)
{
    public const string Usage = "Usage: bench/run.sh [--quick|--smoke] [--only NAME,NAME…] [--json FILE] [--keep], or bench/run.sh --embedded [--quick] [--json FILE]";

    /// <exception cref="InvalidOperationException">Something is not understood; says what is allowed.</exception>
    public static BenchOptions Parse(string[] args)
    {
        var options = new BenchOptions(Scale.Full, [.. Contenders.All.Where(c => c.Missing is null)], null, false);
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--quick" => options with { Scale = Scale.Quick },
                "--smoke" => options with { Scale = Scale.Smoke },
                "--keep" => options with { KeepsLogs = true },
                "--only" when i + 1 < args.Length => options with { Only = [.. args[++i].Split(',').Select(Find)] },
                "--json" when i + 1 < args.Length => options with { Json = Path.GetFullPath(args[++i]) },
                _ => throw new InvalidOperationException($"'{args[i]}' is not understood. {Usage}"),
            };
        }

        return options;
    }

    private static Contender Find(string name)
    {
        var contender = Contenders.All.FirstOrDefault(c => c.Name == name)
            ?? throw new InvalidOperationException($"There is no contender '{name}'; there are {string.Join(", ", Contenders.All.Select(c => c.Name))}.");
        return contender.Missing is { } missing ? throw new InvalidOperationException($"{name}: {missing}") : contender;
    }
}
