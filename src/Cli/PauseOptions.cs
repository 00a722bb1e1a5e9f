using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fleet.Core.Text;

namespace Fleet.Cli;

/// <summary>The options of commands that pause something: <c>--until</c> or <c>--for</c>.</summary>
public static class PauseOptions
{
    /// <summary><c>--until</c>.</summary>
    public static Option<string> Until { get; } = new("--until")
    {
        Description = "When the pause ends by itself, ISO 8601 with offset. Default: when somebody resumes it.",
        HelpName = "INSTANT",
    };

    /// <summary><c>--for</c>.</summary>
    public static Option<string> For { get; } = new("--for")
    {
        Description = "How long it is paused, such as 30m or 2h; instead of --until.",
        HelpName = "DURATION",
    };

    /// <summary><c>--reason</c>.</summary>
    /// <param name="what">What it is shown with, such as <c>schedule</c>.</param>
    public static Option<string> Reason(string what) =>
        new("--reason") { Description = $"The reason, shown with the {what}.", HelpName = "TEXT" };

    /// <summary>The end of the pause; null when none was given.</summary>
    /// <exception cref="UsageException">Both are given, or the duration is not one.</exception>
    public static string? Read(ParseResult parsed, DateTimeOffset now)
    {
        if (parsed.GetValue(For) is not { } text)
            return parsed.GetValue(Until);
        if (parsed.GetValue(Until) is not null)
            throw new UsageException("--for: give either --for or --until, not both.");
        return Durations.TryParse(text, out var duration) && duration > TimeSpan.Zero && duration <= TimeSpan.FromDays(3650)
            ? (now + duration).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
            : throw new UsageException($"--for: '{text}' is not allowed; allowed is a duration such as {Durations.Allowed}.");
    }

    /// <summary>The body of the request.</summary>
    public static byte[] Body(string? reason, string? until)
    {
        var body = new Dictionary<string, string>(StringComparer.Ordinal);
        if (reason is not null)
            body["reason"] = reason;
        if (until is not null)
            body["until"] = until;
        return JsonSerializer.SerializeToUtf8Bytes(body);
    }
}
