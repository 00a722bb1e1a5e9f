namespace Fleet.Bench;

/// <summary>How many jobs the phases of a contender have, so that none takes more than about ten seconds.</summary>
/// <param name="Bulk">Enqueued in bulk, then drained.</param>
/// <param name="Single">Enqueued one by one from 64 callers, then drained; and enqueued and drained at once.</param>
internal sealed record Sizes(int Bulk, int Single)
{
    /// <summary>Enqueued and drained at once; else as many as <see cref="Single"/>.</summary>
    public int? Both { get; init; }

    /// <summary>Enqueued over HTTP; 0 for contenders without.</summary>
    public int Http { get; init; }

    /// <summary>Jobs that fall due in one second.</summary>
    public int[] Due { get; init; } = [];

    /// <summary>How many of these are enqueued in a second at the least: it decides how far ahead they are due.</summary>
    public int DuePerSecond { get; init; } = 5_000;

    /// <summary>Schedules that fire in one second.</summary>
    public int[] Schedules { get; init; } = [];

    /// <summary>Jobs per call, for contenders that enqueue in batches.</summary>
    public int Batch { get; init; } = 500;

    /// <summary>False where jobs wait for others to share a batch with: a floor of throughput only.</summary>
    public bool HasLatency { get; init; } = true;
}

/// <summary>A form of the bench: full, <c>--quick</c>, or <c>--smoke</c>.</summary>
/// <param name="Name">As it is called.</param>
/// <param name="Rounds">How often every contender has its turn.</param>
/// <param name="Fraction">Of the jobs of the full form.</param>
/// <param name="WarmUpSeconds">How long at the least everything runs before it is measured.</param>
/// <param name="LatencySeconds">How long 50 jobs a second are enqueued.</param>
/// <param name="IdleSeconds">How long an idle worker is watched.</param>
internal sealed record Scale(string Name, int Rounds, double Fraction, int WarmUpSeconds, int LatencySeconds, double IdleSeconds)
{
    public static readonly Scale Full = new("full", 3, 1, 8, 10, 5);
    public static readonly Scale Quick = new("quick", 1, 0.2, 5, 4, 2);
    public static readonly Scale Smoke = new("smoke", 1, 0, 0, 1, 0.5);

    /// <summary>The least that a phase has.</summary>
    public const int SmokeJobs = 64;

    /// <summary>How long a minute of <c>--soak</c> is.</summary>
    public int SoakMinuteSeconds => this == Smoke ? 1 : 60;

    /// <summary>How many jobs a second <c>--soak</c> enqueues.</summary>
    public int SoakPerSecond => this == Smoke ? 100 : 3_000;

    /// <summary>The jobs of a way. The short form has half: over in a second, it would measure the start.</summary>
    public int OfWay(int full) => this == Quick ? full / 2 : Of(full);

    /// <summary>The jobs that warm it up.</summary>
    public int OfWarmUp(int full) => Math.Max(SmokeJobs, Of(full) / 5);

    /// <summary>How many worker processes share a way's jobs.</summary>
    public int[] OfWorkers(int[] full) => this == Smoke ? full[..1] : this == Quick ? [.. full.Where(number => number <= 4)] : full;

    public int Of(int full) => full == 0 ? 0 : this == Smoke ? SmokeJobs : Math.Max(SmokeJobs, (int)(full * Fraction));

    /// <summary>Not scaled, because how long they take is no matter of their number alone; the short forms have only the first.</summary>
    public int[] Of(int[] full) => full.Length == 0 || this == Full ? full : this == Quick ? full[..1] : [SmokeJobs];
}
