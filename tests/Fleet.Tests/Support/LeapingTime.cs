using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Support;

/// <summary>A clock that may be wrong, over one that passes evenly.</summary>
internal sealed class LeapingTime(FakeTimeProvider steady) : TimeProvider
{
    /// <summary>How far it is ahead.</summary>
    public TimeSpan Ahead { get; set; }

    public override long TimestampFrequency => steady.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => steady.GetUtcNow() + Ahead;

    public override long GetTimestamp() => steady.GetTimestamp();
}
