using System.Diagnostics.CodeAnalysis;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Knows the fire times of a schedule. Immutable, so one instance may be shared by threads. Fire times are whole
/// microseconds, which every database stores exactly: what was read back is equal to what was planned.</summary>
public abstract class Trigger
{
    private protected Trigger()
    {
    }

    /// <summary><c>cron</c>, <c>interval</c> or <c>once</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Short plain text for people, such as <c>every 15 s</c> or <c>cron 0 0 * * * (Europe/Berlin)</c>.</summary>
    public abstract string Description { get; }

    /// <summary>The first fire time strictly after an instant; null when there is none any more. Never throws.</summary>
    public abstract DateTimeOffset? Next(DateTimeOffset after);

    /// <summary>The fire times in (<paramref name="after"/>, <paramref name="until"/>], in order, computed as they are taken.</summary>
    public IEnumerable<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset until)
    {
        for (var next = Next(after); next <= until; next = Next(next.Value))
            yield return next.Value;
    }

    /// <summary>Makes the trigger that a caller described, or says which field is wrong, why, and what is allowed.</summary>
    public static bool TryParse(
        TriggerSpec spec, [NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error)
    {
        trigger = null;
        if (!IsExactlyOneGiven(spec, out error))
            return false;

        if (!Zones.TryFind(spec.Zone, out var zone, out error))
            return false;

        if (spec.At is { } at)
        {
            trigger = new OnceTrigger(at);
            return true;
        }

        if (spec.Every is { } every)
            return IntervalTrigger.TryParse("every", every, spec.Anchor, out trigger, out error);

        return CronText.IsEvery(spec.Cron!, out var period)
            ? IntervalTrigger.TryParse("cron", period, spec.Anchor, out trigger, out error)
            : CronTrigger.TryParse(spec.Cron!, zone, out trigger, out error);
    }

    private static bool IsExactlyOneGiven(TriggerSpec spec, [NotNullWhen(false)] out InputError? error)
    {
        const string allowed = "exactly one of cron, every and at";
        string?[] fields = [spec.Cron is null ? null : "cron", spec.Every is null ? null : "every", spec.At is null ? null : "at"];
        var given = fields.OfType<string>().ToArray();
        error = given.Length switch
        {
            0 => new InputError("invalid_trigger", "trigger", $"trigger: nothing says when to fire; allowed is {allowed}.", null, allowed),
            1 => null,
            _ => Several(string.Join(" and ", given)),
        };
        return error is null;

        static InputError Several(string names) =>
            new("invalid_trigger", "trigger", $"trigger: {names} are given together; allowed is {allowed}.", names, allowed);
    }

    /// <summary>Drops what is finer than a microsecond.</summary>
    internal static DateTimeOffset ToMicroseconds(DateTimeOffset instant) =>
        instant.AddTicks(-(instant.Ticks % TimeSpan.TicksPerMicrosecond));
}
