namespace Fleet.Core.Schedules.Triggers;

/// <summary>Fires at one instant. Past instants are accepted here; the caller decides whether to refuse them.</summary>
public sealed class OnceTrigger : Trigger
{
    internal OnceTrigger(DateTimeOffset at) => At = ToMicroseconds(at.ToUniversalTime());

    /// <summary>The instant, in UTC.</summary>
    public DateTimeOffset At { get; }

    /// <inheritdoc/>
    public override string Kind => "once";

    /// <inheritdoc/>
    public override string Description => $"once at {At:yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'}";

    /// <inheritdoc/>
    public override DateTimeOffset? Next(DateTimeOffset after) => after < At ? At : null;
}
