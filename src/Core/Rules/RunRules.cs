using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Fleet.Core.Text;

namespace Fleet.Core.Rules;

/// <summary>The allowed values of the fields of a run. Every error names the field, the value and the allowed values.</summary>
public static partial class RunRules
{
    /// <summary>Maximum size of args and of output, in bytes of UTF-8.</summary>
    public const int MaxArgsBytes = 256 * 1024;

    /// <summary>Maximum delay.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromDays(3650);

    private const string AllowedDelay = "0 to 3650 days, written as " + Durations.Allowed;

    /// <summary>Checks the name of a job, an event or a schedule.</summary>
    public static InputError? CheckName(string field, string? name) => Names.IsName(name)
        ? null
        : Invalid("invalid_name", field, name, Names.Allowed);

    /// <summary>The reserved names of lanes, for errors and documents.</summary>
    public const string ReservedLanes = "parked, control, events, lanes, belt, again, early, dead, belt.N, again.N, control.N, NAME.dead";

    private static readonly FrozenSet<string> ReservedNames =
        FrozenSet.Create(StringComparer.Ordinal, "parked", "control", "events", "lanes", "belt", "again", "early", "dead");

    private static readonly string[] ReservedPrefixes = ["belt.", "again.", "control."];

    /// <summary>Checks the name of a lane. A name is refused if the queue or exchange of the lane would be one of Fleet's own, because its
    /// runs would wait forever.</summary>
    public static InputError? CheckLane(string? lane)
    {
        if (!Names.IsName(lane, 64))
        {
            return Invalid(
                "invalid_lane", "lane", lane,
                "1–64 characters: lower-case letters, digits, '.', '_', '-', starting with a letter or digit");
        }

        return IsReserved(lane!)
            ? new InputError(
                "invalid_lane", "lane",
                $"lane: '{lane}' is not allowed, because Fleet uses that name itself; reserved are {ReservedLanes}.",
                lane, "a name that is not reserved")
            : null;
    }

    /// <summary>True for a name of <see cref="ReservedLanes"/>, whatever its case.</summary>
    public static bool IsReserved(string lane)
    {
        var name = lane.ToLowerInvariant();
        return ReservedNames.Contains(name) || name.EndsWith(".dead", StringComparison.Ordinal)
            || Array.Exists(ReservedPrefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal));
    }

    /// <summary>Checks the size of args.</summary>
    public static InputError? CheckArgsSize(string args)
    {
        // A char has at most three bytes in UTF-8, so the bytes of most texts need not be counted.
        var bytes = args.Length <= MaxArgsBytes / 3 ? 0 : Encoding.UTF8.GetByteCount(args);
        return bytes <= MaxArgsBytes
            ? null
            : new InputError(
                "args_too_large", "args", $"args: {bytes} bytes are too many; allowed are up to {MaxArgsBytes} bytes (256 KiB).", null,
                "up to 256 KiB");
    }

    /// <summary>Checks when a run is to start.</summary>
    public static InputError? CheckDelay(TimeSpan? delay, DateTimeOffset? runAt, DateTimeOffset now)
    {
        if (delay is not null && runAt is not null)
        {
            return new InputError(
                "delay_and_run_at", "delay", "delay: give either delay or runAt, not both.", delay.ToString(), "one of delay, runAt");
        }

        if (delay < TimeSpan.Zero || delay > MaxDelay)
            return Invalid("invalid_delay", "delay", delay.ToString(), AllowedDelay);
        return CheckAhead("runAt", runAt, now);
    }

    /// <summary>Checks that an instant is not too far in the future. An instant in the past is allowed.</summary>
    public static InputError? CheckAhead(string field, DateTimeOffset? at, DateTimeOffset now) => at - now > MaxDelay
        ? Invalid("invalid_instant", field, at?.ToString("O", CultureInfo.InvariantCulture), "an instant at most 3650 days ahead")
        : null;

    /// <summary>Reads an instant in ISO 8601 with an offset.</summary>
    /// <param name="text">The text; null for no instant.</param>
    /// <param name="field">The name of the field, for errors.</param>
    /// <param name="earliest">The earliest allowed instant; null: 1970. Earlier values usually come from an uninitialised date, and
    /// computing with them can leave the range of dates.</param>
    /// <exception cref="InvalidRunException">The text is not valid; the error names the field.</exception>
    public static DateTimeOffset? ReadInstant(string? text, string field, DateTimeOffset? earliest = null) =>
        TryReadInstant(text, field, out var instant, earliest) is { } error ? throw new InvalidRunException(error) : instant;

    /// <summary>As <see cref="ReadInstant"/>, but returns the error.</summary>
    public static InputError? TryReadInstant(string? text, string field, out DateTimeOffset? instant, DateTimeOffset? earliest = null)
    {
        instant = null;
        if (text is null)
            return null;
        if (!Iso8601().IsMatch(text) || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var at)
            || at < (earliest ?? DateTimeOffset.UnixEpoch))
        {
            return Invalid(
                "invalid_instant", field, text,
                "ISO 8601 with offset, such as 2026-01-31T12:00:00Z, from 1970 and at most 3650 days ahead");
        }

        instant = at;
        return null;
    }

    /// <summary>Reads a delay as <see cref="Durations"/> takes it.</summary>
    /// <exception cref="InvalidRunException">The text is not valid; the error names the field.</exception>
    public static TimeSpan? ReadDelay(string? text, string field) =>
        TryReadDelay(text, field, out var delay) is { } error ? throw new InvalidRunException(error) : delay;

    /// <summary>As <see cref="ReadDelay"/>, but returns the error.</summary>
    /// <returns>The error; null if the text is a delay or null.</returns>
    public static InputError? TryReadDelay(string? text, string field, out TimeSpan? delay)
    {
        delay = null;
        if (text is null)
            return null;
        if (!Durations.TryParse(text, out var read))
            return Invalid("invalid_delay", field, text, AllowedDelay);
        delay = read;
        return null;
    }

    /// <summary>Checks an idempotency key.</summary>
    public static InputError? CheckKey(string? key) => key is null || (key.Length is > 0 and <= 200 && key.All(c => c is >= ' ' and <= '~'))
        ? null
        : Invalid("invalid_idempotency_key", "idempotencyKey", key, "1–200 printable ASCII characters");

    /// <summary>The error of a field that stands within another, such as <c>runs[3].</c>.</summary>
    public static InputError Within(this InputError error, string prefix) => prefix.Length == 0
        ? error
        : error with
        {
            Field = prefix + error.Field,
            Message = prefix + error.Message,
            Pointer = error.Pointer is { } pointer ? JsonPointer.Of(prefix.TrimEnd('.')) + pointer : null,
        };

    /// <summary>Checks tags.</summary>
    public static InputError? CheckTags(IReadOnlyList<string>? tags)
    {
        if (tags is null)
            return null;
        if (tags.Count > 16)
            return Invalid("invalid_tags", "tags", $"{tags.Count} tags", "up to 16 tags");
        for (var i = 0; i < tags.Count; i++)
        {
            if (tags[i] is not { Length: > 0 and <= 64 } tag || tag.Any(char.IsControl))
                return Invalid("invalid_tags", $"tags[{i}]", tags[i], "1–64 printable characters");
        }

        return null;
    }

    /// <summary>Checks a number of attempts.</summary>
    public static InputError? CheckMaxAttempts(int? attempts) => attempts is null or (>= 1 and <= 1000)
        ? null
        : Invalid("invalid_max_attempts", "maxAttempts", attempts?.ToString(CultureInfo.InvariantCulture), "1–1000");

    /// <summary>An error with the usual wording.</summary>
    public static InputError Invalid(string code, string field, string? value, string allowed)
    {
        var shown = Show(value);
        return new InputError(
            code, field, $"{field}: '{shown}' is not allowed; allowed is {allowed}.", value is null ? null : shown, allowed);
    }

    /// <summary>A value for an error message: cut to a length, with control characters replaced.</summary>
    /// <param name="value">The value.</param>
    /// <param name="longest">Maximum number of characters to show.</param>
    public static string Show(string? value, int longest = 100) =>
        value is null ? "(nothing)" : Shown.Value(value, longest);

    [GeneratedRegex(
        @"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})\z",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Iso8601();
}
