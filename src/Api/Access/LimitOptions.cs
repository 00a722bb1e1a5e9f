namespace Fleet.Api.Access;

/// <summary>How much one caller may ask of this server. Bound from <c>Fleet:Api:Limits</c>. Each process counts by itself.</summary>
public sealed class LimitOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Fleet:Api:Limits";

    /// <summary>How many changes one caller may ask for in a minute: 1–10,000,000. Default: 60,000. So many may come at once; what was
    /// used comes back evenly over the minute. One request is one write, whatever is in it: a batch of 1,000 runs counts as one.</summary>
    public int WritesPerMinute { get; set; } = 60_000;

    /// <summary>How many searches of one caller may run at once: 1–1,000. Default: 4. A few more wait for their turn.</summary>
    public int Searches { get; set; } = 4;

    /// <summary>After how many failed sign-ins within <see cref="FailedSignInWindow"/> an address has to wait for its end: 1–1,000,000.
    /// Default: 20. A credential that was valid before is still let in.</summary>
    public int FailedSignIns { get; set; } = 20;

    /// <summary>How long failed sign-ins count: 1 s to 1 h. Default: 1 min.</summary>
    public TimeSpan FailedSignInWindow { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>What is wrong, one sentence per setting.</summary>
    public IEnumerable<string> Check()
    {
        if (WritesPerMinute is < 1 or > 10_000_000)
            yield return $"{Section}:WritesPerMinute: '{WritesPerMinute}' is not allowed; allowed is 1–10000000.";
        if (Searches is < 1 or > 1_000)
            yield return $"{Section}:Searches: '{Searches}' is not allowed; allowed is 1–1000.";
        if (FailedSignIns is < 1 or > 1_000_000)
            yield return $"{Section}:FailedSignIns: '{FailedSignIns}' is not allowed; allowed is 1–1000000.";
        if (FailedSignInWindow < TimeSpan.FromSeconds(1) || FailedSignInWindow > TimeSpan.FromHours(1))
            yield return $"{Section}:FailedSignInWindow: '{FailedSignInWindow}' is not allowed; allowed is 1s to 1h.";
    }
}
