using System.Globalization;
using Fleet.Core.Actors;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Core.Explain;

/// <summary>Instants, spans, numbers and names as they stand in sentences.</summary>
public static class Spoken
{
    private const int MaxQuoted = 200;

    /// <summary>An instant in UTC: <c>14:00:03 UTC</c> on the day of <paramref name="now"/>, else <c>2026-11-22 14:00:03 UTC</c>.</summary>
    public static string At(DateTimeOffset at, DateTimeOffset now)
    {
        var utc = at.ToUniversalTime();
        var isToday = utc.Date == now.UtcDateTime.Date;
        return utc.ToString(isToday ? "HH:mm:ss 'UTC'" : "yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
    }

    /// <summary>A span in its two largest units: <c>12 ms</c>, <c>3.2 s</c>, <c>45 s</c>, <c>1 min 05 s</c>, <c>1 h 01 min</c>,
    /// <c>2 d 3 h</c>. Never negative.</summary>
    public static string Span(TimeSpan span)
    {
        // Rounded first: 59.96 s is a minute, not 60.0 s.
        var ms = Math.Max(0, (long)Math.Round(span.TotalMilliseconds));
        var tenths = (ms + 50) / 100;
        var seconds = (ms + 500) / 1000;
        var minutes = seconds / 60;
        var hours = minutes / 60;
        return ms < 1000 ? Text($"{ms} ms")
            : tenths < 100 && tenths % 10 != 0 ? Text($"{tenths / 10}.{tenths % 10} s")
            : seconds < 60 ? Text($"{seconds} s")
            : seconds < 3600 ? Text($"{minutes} min") + (seconds % 60 == 0 ? "" : Text($" {seconds % 60:00} s"))
            : hours < 24 ? Text($"{hours} h") + (minutes % 60 == 0 ? "" : Text($" {minutes % 60:00} min"))
            : Text($"{hours / 24} d") + (hours % 24 == 0 ? "" : Text($" {hours % 24} h"));

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>How far an instant is from now: <c>in 3 min 00 s</c>, <c>12 s ago</c>.</summary>
    public static string FromNow(DateTimeOffset at, DateTimeOffset now) => at > now ? $"in {Span(at - now)}" : $"{Span(now - at)} ago";

    /// <summary>A number with its noun: <c>1 run</c>, <c>2 runs</c>, <c>1,000 runs</c>.</summary>
    public static string Count(long number, string noun) =>
        $"{number.ToString("N0", CultureInfo.InvariantCulture)} {noun}{(number == 1 ? "" : "s")}";

    /// <summary>Names in quotes: <c>'a'</c>, <c>'a' and 'b'</c>, <c>'a', 'b' and 3 more</c>.</summary>
    public static string Names(IReadOnlyList<string> names)
    {
        const int shown = 3;
        string[] quoted = [.. names.Take(shown).Select(n => $"'{n}'")];
        return names.Count > shown ? $"{string.Join(", ", quoted)} and {Count(names.Count - shown, "other")}"
            : quoted.Length < 2 ? string.Concat(quoted)
            : $"{string.Join(", ", quoted[..^1])} and {quoted[^1]}";
    }

    /// <summary>What somebody else wrote, in one line of at most 200 characters, without a full stop at its end.</summary>
    public static string Quoted(string text) =>
        StoredText.Cut(ControlCharacters.Escape(text.ReplaceLineEndings(" ").Trim()), MaxQuoted).TrimEnd('.');

    /// <summary>Who did something, at the beginning of a sentence.</summary>
    public static string Who(Actor? by) => by?.ToString() ?? "Somebody whose name is not stored";

    /// <summary>A worker by its name; by its id if it is no longer stored.</summary>
    public static string Worker(WorkerId? id, WorkerRow? row) =>
        row is not null ? $"worker {row.Name}"
            : id is { } known ? $"worker {known}, which is not stored any more"
            : "a worker that is not stored";

    /// <summary>Who set a limit of attempts, as the end of a sentence.</summary>
    public static string Limit(AttemptLimit limit, string job) => limit.From switch
    {
        AttemptLimitSource.Run => $"{Count(limit.Max, "attempt")}, set by the caller or the schedule",
        AttemptLimitSource.JobSetting => $"{Count(limit.Max, "attempt")}, set by Fleet:Worker:Retry:Jobs:{job}:MaxAttempts",
        AttemptLimitSource.Job => $"{Count(limit.Max, "attempt")}, set by the job",
        _ => $"{Count(limit.Max, "attempt")}, set by Fleet:Worker:Retry:MaxAttempts",
    };
}
