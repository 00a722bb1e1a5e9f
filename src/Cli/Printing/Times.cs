namespace Fleet.Cli.Printing;

/// <summary>Instants and spans in words for people.</summary>
public static class Times
{
    /// <summary>An instant, ISO 8601 in UTC to the second; empty for null.</summary>
    public static string Instant(DateTimeOffset? at) => at is { } t ? t.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'") : "";

    /// <summary>How far an instant is from now: <c>12s ago</c>, <c>in 3m</c>; empty for null.</summary>
    public static string Relative(DateTimeOffset? at, DateTimeOffset now)
    {
        if (at is not { } t)
            return "";
        var span = t - now;
        return span > TimeSpan.Zero ? $"in {Span(span)}" : $"{Span(-span)} ago";
    }

    /// <summary>A span in its largest unit, two below ten minutes: <c>420ms</c>, <c>12s</c>, <c>3m 05s</c>, <c>7h</c>, <c>4d</c>.</summary>
    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => $"{Math.Max(0, (int)span.TotalMilliseconds)}ms",
        { TotalMinutes: < 1 } => $"{(int)span.TotalSeconds}s",
        { TotalMinutes: < 10 } => $"{(int)span.TotalMinutes}m {span.Seconds:00}s",
        { TotalHours: < 1 } => $"{(int)span.TotalMinutes}m",
        { TotalDays: < 1 } => $"{(int)span.TotalHours}h {span.Minutes:00}m",
        _ => $"{(int)span.TotalDays}d",
    };
}
