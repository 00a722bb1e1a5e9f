using System.Globalization;
using Fleet.Core.Rules;

namespace Fleet.Core.Schedules.Preview;

/// <summary>The range of a preview: fire times after one instant, up to and including another.</summary>
/// <param name="After">Start of the range, exclusive.</param>
/// <param name="Until">End of the range, inclusive.</param>
public readonly record struct PreviewRange(DateTimeOffset After, DateTimeOffset Until)
{
    /// <summary>Default length of a range: one week.</summary>
    public static readonly TimeSpan ByDefault = TimeSpan.FromDays(7);

    /// <summary>Maximum length of a range.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    private const string AllowedFrom = "an instant from 1970 to 3650 days ahead";
    private const string AllowedUntil = "an instant after 'from', at most 366 days after it";

    /// <summary>Parses a range.</summary>
    /// <param name="from">ISO 8601 with offset. Null: now.</param>
    /// <param name="until">ISO 8601 with offset. Null: one week after <paramref name="from"/>.</param>
    /// <param name="now">The current time; used when <paramref name="from"/> is null.</param>
    /// <exception cref="InvalidRunException">A value is not an instant or not allowed; the error names <c>from</c> or
    /// <c>until</c>.</exception>
    public static PreviewRange Read(string? from, string? until, DateTimeOffset now)
    {
        var after = ReadStart(from, "from", now);
        var end = RunRules.ReadInstant(until, "until", DateTimeOffset.MinValue) ?? after + ByDefault;
        return end > after && end - after <= Longest
            ? new PreviewRange(after, end)
            : throw new InvalidRunException(RunRules.Invalid("invalid_range", "until", until, AllowedUntil));
    }

    /// <summary>Parses the instant after which fire times are listed.</summary>
    /// <param name="text">ISO 8601 with offset. Null: now.</param>
    /// <param name="field">The field's name, for errors.</param>
    /// <param name="now">The current time; used when the text is null.</param>
    /// <exception cref="InvalidRunException">The value is not an instant or not allowed; the error names the field.</exception>
    public static DateTimeOffset ReadStart(string? text, string field, DateTimeOffset now)
    {
        var start = RunRules.ReadInstant(text, field, DateTimeOffset.MinValue) ?? now;
        return start >= DateTimeOffset.UnixEpoch && start - now <= RunRules.MaxDelay
            ? start
            : throw new InvalidRunException(
                RunRules.Invalid("invalid_range", field, start.ToString("O", CultureInfo.InvariantCulture), AllowedFrom));
    }

    /// <summary>Whether a fire time lies in the range.</summary>
    public bool Contains(DateTimeOffset fireTime) => fireTime > After && fireTime <= Until;
}
