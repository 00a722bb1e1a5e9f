namespace Fleet.Cli.Schedules;

/// <summary>The range of a preview as the API takes it.</summary>
internal static class RangeQuery
{
    /// <summary>The query, with its question mark; what is null is left out.</summary>
    public static string Of(string? from, string? until, int? count = null)
    {
        var query = new[] { ("from", from), ("until", until), ("count", count?.ToString()) };
        return "?" + string.Join('&', query.Where(q => q.Item2 is not null).Select(q => $"{q.Item1}={Uri.EscapeDataString(q.Item2!)}"));
    }
}
