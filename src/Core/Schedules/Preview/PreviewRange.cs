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

    /// <summary>Checks a range.</summary>
    /// <param name="from">Null: now.</param>
    /// <param name="until">Null: one week after <paramref name="from"/>.</param>
    /// <param name="now">The current time; used when <paramref name="from"/> is null.</param>
    /// <exception cref="InvalidRunException">An instant is not allowed; the error names <c>from</c> or <c>until</c>.</exception>
    public static PreviewRange Of(DateTimeOffset? from, DateTimeOffset? until, DateTimeOffset now)
    {
        var after = StartOf(from, "from", now);
        var end = until ?? after + ByDefault;
        return end > after && end - after <= Longest
            ? new PreviewRange(after, end)
            : throw new InvalidRunException(RunRules.Invalid("invalid_range", "until", Show(end), AllowedUntil));
    }

    /// <summary>Checks the instant after which fire times are listed.</summary>
    /// <param name="at">Null: now.</param>
    /// <param name="field">The field's name, for errors.</param>
    /// <param name="now">The current time; used when the instant is null.</param>
    /// <exception cref="InvalidRunException">The instant is not allowed; the error names the field.</exception>
    public static DateTimeOffset StartOf(DateTimeOffset? at, string field, DateTimeOffset now)
    {
        var start = at ?? now;
        return start >= DateTimeOffset.UnixEpoch && start - now <= RunRules.MaxDelay
            ? start
            : throw new InvalidRunException(RunRules.Invalid("invalid_range", field, Show(start), AllowedFrom));
    }

    /// <summary>Whether a fire time lies in the range.</summary>
    public bool Contains(DateTimeOffset fireTime) => fireTime > After && fireTime <= Until;

    private static string Show(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);
}
