using System.Text.Json;

namespace Fleet.Core.DeadLetters;

/// <summary>A value of the args that runs which failed have more often than runs which succeeded.</summary>
/// <param name="Path">The member, such as <c>customer.country</c>; <c>[]</c> stands for any item of a list.</param>
/// <param name="Value">The value as JSON; null if it is that the member is missing.</param>
/// <param name="Failed">How many of the runs that failed have it.</param>
/// <param name="Succeeded">How many of the runs that succeeded have it.</param>
public sealed record ArgsDifference(string Path, string? Value, int Failed, int Succeeded);

/// <summary>Finds which args differ between runs that failed and runs that succeeded.</summary>
public static class CompareArgs
{
    /// <summary>With fewer runs on a side, nothing is said: any difference may be chance.</summary>
    public const int FewestRuns = 5;

    /// <summary>How much larger the part of the failed runs with a value must be than that of the succeeded ones.</summary>
    public const double LeastDifference = 0.3;

    /// <summary>Maximum number of differences.</summary>
    public const int MaxDifferences = 10;

    private const int MaxPerPath = 3;
    private const int MaxFacts = 500;
    private const int MaxText = 100;

    /// <summary>The differences, the clearest first. Empty when there are too few runs on a side.</summary>
    public static IReadOnlyList<ArgsDifference> Execute(IReadOnlyCollection<JsonElement> failed, IReadOnlyCollection<JsonElement> succeeded)
    {
        if (failed.Count < FewestRuns || succeeded.Count < FewestRuns)
            return [];
        var (bad, good) = (Count(failed), Count(succeeded));
        // A member that a side has at all may be missing in some of its runs.
        var paths = bad.Keys.Concat(good.Keys).Where(fact => fact.Value is null).Select(fact => fact.Path).Distinct(StringComparer.Ordinal);
        var missing = paths.Select(path => new ArgsDifference(
            path, null, failed.Count - bad.GetValueOrDefault((path, null)), succeeded.Count - good.GetValueOrDefault((path, null))));
        var values = bad.Where(fact => fact.Key.Value is not null)
            .Select(fact => new ArgsDifference(fact.Key.Path, fact.Key.Value, fact.Value, good.GetValueOrDefault(fact.Key)));
        return
        [
            .. missing.Concat(values).Where(d => DifferenceOf(d) >= LeastDifference)
                .GroupBy(d => d.Path, StringComparer.Ordinal)
                .SelectMany(path => path.OrderByDescending(DifferenceOf).ThenBy(d => d.Value, StringComparer.Ordinal).Take(MaxPerPath))
                .OrderByDescending(DifferenceOf).ThenBy(d => d.Path, StringComparer.Ordinal).ThenBy(d => d.Value, StringComparer.Ordinal)
                .Take(MaxDifferences),
        ];

        double DifferenceOf(ArgsDifference d) => ((double)d.Failed / failed.Count) - ((double)d.Succeeded / succeeded.Count);
    }

    /// <summary>How many of the args have a value at a path; with null as the value, the path at all.</summary>
    private static Dictionary<(string Path, string? Value), int> Count(IEnumerable<JsonElement> all)
    {
        var counts = new Dictionary<(string, string?), int>();
        foreach (var args in all)
        {
            var facts = new HashSet<(string, string?)>();
            Add(args, "", facts);
            foreach (var fact in facts)
                counts[fact] = counts.GetValueOrDefault(fact) + 1;
        }

        return counts;
    }

    private static void Add(JsonElement value, string path, HashSet<(string, string?)> facts)
    {
        if (facts.Count >= MaxFacts)
            return;
        if (path.Length > 0)
            facts.Add((path, null));
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                    Add(member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}", facts);
                break;
            case JsonValueKind.Array:
                if (value.GetArrayLength() == 0)
                    facts.Add((path, "[]"));
                foreach (var item in value.EnumerateArray())
                    Add(item, path + "[]", facts);
                break;
            default:
                // A long text says little, and its beginning may be the same for all.
                if (value.GetRawText() is { Length: <= MaxText } text && path.Length > 0)
                    facts.Add((path, text));
                break;
        }
    }
}
