using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fleet.Core.Rules;
using Fleet.Core.Text;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>The fire times of another trigger, all delayed by the same fraction of a period. The fraction is derived from the schedule's
/// id, so it is predictable and survives restarts and edits.</summary>
public sealed class JitteredTrigger : Trigger
{
    private const string Allowed = "1 s to 1 d, written as " + Durations.Allowed;

    private readonly Trigger _inner;

    private JitteredTrigger(Trigger inner, TimeSpan delay)
    {
        _inner = inner;
        Delay = delay;
    }

    /// <summary>The delay of each fire time; whole milliseconds, less than the period.</summary>
    public TimeSpan Delay { get; }

    /// <inheritdoc/>
    public override string Kind => _inner.Kind;

    /// <inheritdoc/>
    public override string Description =>
        string.Create(CultureInfo.InvariantCulture, $"{_inner.Description}, {Delay.TotalSeconds:0.###} s later");

    /// <inheritdoc/>
    public override DateTimeOffset? Next(DateTimeOffset after)
    {
        var inner = after - DateTimeOffset.MinValue > Delay ? after - Delay : DateTimeOffset.MinValue;
        return _inner.Next(inner) is { } next && DateTimeOffset.MaxValue - next > Delay ? next + Delay : null;
    }

    /// <inheritdoc/>
    public override FireTimeHurdle Judge(DateTimeOffset from, DateTimeOffset until) => _inner.Judge(from - Delay, until - Delay);

    internal static bool TryParse(
        Trigger inner, string text, string scheduleId, [NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error)
    {
        trigger = null;
        error = null;
        if (!Durations.TryParse(text, out var period) || period < TimeSpan.FromSeconds(1) || period > TimeSpan.FromDays(1))
        {
            error = RunRules.Invalid("invalid_jitter", "jitter", text, Allowed);
            return false;
        }

        var hash = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(scheduleId)));
        trigger = new JitteredTrigger(inner, TimeSpan.FromMilliseconds(hash % (ulong)period.TotalMilliseconds));
        return true;
    }
}
