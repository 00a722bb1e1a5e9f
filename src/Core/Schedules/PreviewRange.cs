using System.Globalization;
using Fleet.Core.Runs;

namespace Fleet.Core.Schedules;

/// <summary>What a preview looks at: the fire times after one instant, up to and including another.</summary>
/// <param name="After">Where it begins; a fire time at this very instant is not in it.</param>
/// <param name="Until">Where it ends; a fire time at this very instant is in it.</param>
public readonly record struct PreviewRange(DateTimeOffset After, DateTimeOffset Until)
{
    /// <summary>How long a range is when nobody says: a week.</summary>
    public static readonly TimeSpan ByDefault = TimeSpan.FromDays(7);

    /// <summary>The longest range.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    private const string AllowedFrom = "an instant from 1970 to 3650 days ahead";
    private const string AllowedUntil = "an instant after 'from', at most 366 days after it";

    /// <summary>Reads a range as a caller writes it.</summary>
    /// <param name="from">ISO 8601 with offset. Null: now.</param>
    /// <param name="until">ISO 8601 with offset. Null: a week after <paramref name="from"/>.</param>
    /// <param name="now">The instant that stands in for a missing one.</param>
    /// <exception cref="InvalidRunException">One of them is no instant, or not allowed; names <c>from</c> or <c>until</c>.</exception>
    public static PreviewRange Read(string? from, string? until, DateTimeOffset now)
    {
        var after = ReadStart(from, "from", now);
        var end = RunRules.ReadInstant(until, "until", DateTimeOffset.MinValue) ?? after + ByDefault;
        return end > after && end - after <= Longest
            ? new PreviewRange(after, end)
            : throw new InvalidRunException(RunRules.Invalid("invalid_range", "until", until, AllowedUntil));
    }

    /// <summary>Reads the instant that fire times are asked for after.</summary>
    /// <param name="text">ISO 8601 with offset. Null: now.</param>
    /// <param name="field">The name that the caller knows it by.</param>
    /// <param name="now">The instant that stands in for a missing one.</param>
    /// <exception cref="InvalidRunException">It is no instant, or not allowed; names the field.</exception>
    public static DateTimeOffset ReadStart(string? text, string field, DateTimeOffset now)
    {
        var start = RunRules.ReadInstant(text, field, DateTimeOffset.MinValue) ?? now;
        return start >= DateTimeOffset.UnixEpoch && start - now <= RunRules.MaxDelay
            ? start
            : throw new InvalidRunException(RunRules.Invalid("invalid_range", field, start.ToString("O", CultureInfo.InvariantCulture), AllowedFrom));
    }

    /// <summary>Whether a fire time lies in it.</summary>
    public bool Contains(DateTimeOffset fireTime) => fireTime > After && fireTime <= Until;
}
