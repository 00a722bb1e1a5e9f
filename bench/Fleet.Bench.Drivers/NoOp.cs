namespace Fleet.Bench.Drivers;

/// <summary>Args of a job that does nothing but say that it started; 200 bytes of JSON.</summary>
/// <param name="Sent">When it was enqueued, in microseconds of <see cref="Talk.Now"/>.</param>
/// <param name="Padding">Brings the args to their size.</param>
[Job("bench.noop")]
public sealed record NoOp(long Sent, string Padding)
{
    // {"sent":123456789012,"padding":"…"}
    internal static readonly string Filler = new('x', 166);

    /// <summary>Args that are enqueued now.</summary>
    public static NoOp Make() => new(Talk.Now(), Filler);
}
