using System.Globalization;
using CsCheck;

namespace Fleet.Tests.Schedules;

/// <summary>Cron fields without letters: a number, <c>*</c>, lists, ranges and <c>*/n</c>. Read here by hand, to judge the trigger
/// by.</summary>
internal static class SimpleCronField
{
    /// <summary>Any such field.</summary>
    public static Gen<string> Any(int first, int last) => Gen.OneOf(
        Gen.Const("*"),
        Gen.Const("*"),
        Gen.Int[first, last].Select(value => $"{value}"),
        Gen.Int[1, Math.Max(1, last / 2)].Select(step => $"*/{step}"),
        Gen.Int[first, last].List[1, 4].Select(values => string.Join(',', values)),
        Gen.Select(Gen.Int[first, last], Gen.Int[first, last]).Select((a, b) => $"{Math.Min(a, b)}-{Math.Max(a, b)}"));

    /// <summary>The values below 60 that match a field whose least value is <paramref name="first"/>.</summary>
    public static HashSet<int> Values(string field, int first) =>
        Enumerable.Range(0, 60).Where(value => field.Split(',').Any(part => Matches(part, first, value))).ToHashSet();

    private static bool Matches(string part, int first, int value)
    {
        if (part.StartsWith("*/", StringComparison.Ordinal))
            return value >= first && (value - first) % int.Parse(part[2..], CultureInfo.InvariantCulture) == 0;
        if (part == "*")
            return true;
        var ends = part.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture)).ToArray();
        return value >= ends[0] && value <= ends[^1];
    }
}
