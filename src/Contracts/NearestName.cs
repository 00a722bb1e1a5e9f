namespace Fleet;

/// <summary>Finds what somebody probably meant to write, for "did you mean …?" in errors.</summary>
internal static class NearestName
{
    // Nobody mistypes a text this long; the bound keeps the work small for hostile input.
    private const int LongestValue = 100;

    /// <summary>The candidate that is the fewest typing mistakes away from <paramref name="value"/>, case ignored.</summary>
    /// <returns>Null when no candidate is within one mistake per three characters. The last segment of a candidate
    /// counts as one mistake: <c>Berlin</c> finds <c>Europe/Berlin</c>, <c>daily</c> finds <c>report.daily</c>.</returns>
    public static string? To(string value, IEnumerable<string> candidates)
    {
        if (value.Length is 0 or > LongestValue)
            return null;

        string? best = null;
        var limit = Math.Min(Math.Max(1, value.Length / 3), value.Length - 1);
        foreach (var candidate in candidates)
        {
            var distance = EndsWithSegment(candidate, value) ? 1
                : Math.Abs(candidate.Length - value.Length) > limit ? int.MaxValue // at least that many mistakes, known for free
                : Distance(value, candidate);
            if (distance > limit)
                continue;

            best = candidate;
            limit = distance - 1; // only a better one replaces it, so the first of equals stays
        }

        return best;
    }

    private static bool EndsWithSegment(string candidate, string value) =>
        candidate.Length > value.Length
        && candidate[candidate.Length - value.Length - 1] is '/' or '.'
        && candidate.EndsWith(value, StringComparison.OrdinalIgnoreCase);

    /// <summary>Levenshtein's distance, in which two neighbours that are swapped count as one mistake.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        var (above, before) = (new int[b.Length + 1], new int[b.Length + 1]);
        for (var i = 1; i <= a.Length; i++)
        {
            (before, above, row) = (above, row, before);
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = above[j - 1] + (AreAlike(a[i - 1], b[j - 1]) ? 0 : 1);
                row[j] = Math.Min(replace, 1 + Math.Min(above[j], row[j - 1]));
                if (i > 1 && j > 1 && AreAlike(a[i - 1], b[j - 2]) && AreAlike(a[i - 2], b[j - 1]))
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
        }

        return row[b.Length];
    }

    private static bool AreAlike(char a, char b) => char.ToUpperInvariant(a) == char.ToUpperInvariant(b);
}
