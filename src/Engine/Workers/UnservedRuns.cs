using System.Collections.Concurrent;
using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Engine.Workers;

/// <summary>Decides about runs that this worker cannot run: how long they wait before a worker looks at them again, and what people are
/// told. The pause grows with the time for which this worker has been giving back runs of the job, because the cause is the
/// worker's.</summary>
public sealed partial class UnservedRuns(
    JobCatalog catalog, ArgsSchemas schemas, IStorage storage, WorkerLanes lanes, TimeProvider time, ILogger<UnservedRuns> logger)
{
    /// <summary>The first pause.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause while another worker of the lane may be able to run it: the next try may reach that one.</summary>
    public static readonly TimeSpan MaxPauseNearby = TimeSpan.FromSeconds(2);

    /// <summary>The longest pause while no worker of the lane knows the job; one that starts ends the pause
    /// (<see cref="WakeUnserved"/>).</summary>
    public static readonly TimeSpan MaxPause = WakeUnserved.MaxPause;

    /// <summary>How old the knowledge about other workers may be.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Episode> _episodes = new(StringComparer.Ordinal);

    /// <summary>The error of a run whose args this worker cannot read: that it waits for another version, when one is known that
    /// can.</summary>
    public async Task<Exception> ExplainAsync(JobDefinition job, string args, ArgsRefusedException refused)
    {
        try
        {
            return await schemas.FitsAnotherAsync(catalog.OwnOf(job), args, CancellationToken.None)
                ? new UnservedException($"{refused.Message} Another version of the job accepts them.", refused)
                : refused;
        }
        catch (Exception e) when (storage.IsOutage(e))
        {
            return new UnservedException(
                $"{refused.Message} The database does not answer, "
                    + "so it is not known whether another version of the job accepts them.",
                refused);
        }
        catch (Exception)
        {
            // What another program has stored cannot be read: what this one says of the args stands.
            return refused;
        }
    }

    /// <summary>Judges a run that is about to be given back.</summary>
    /// <returns>What is kept with the run, and when it is due again, from now.</returns>
    public async Task<(string Reason, TimeSpan Pause)> JudgeAsync(ClaimedRun run, bool knowsJob, UnservedException why)
    {
        var own = catalog.OwnVersionOf(run.Job);
        var others = await FindOthersAsync(run, own);
        var now = time.GetUtcNow();
        var episode = _episodes.AddOrUpdate(
            run.Job, _ => new Episode(now), (_, known) => now - known.Last > MaxPause * 2 ? new Episode(now) : known);
        episode.Last = now;
        var reason = Explain(run, knowsJob, why, others);
        if (episode.BecomesTold())
            LogUnserved(run.Job, run.Lane, reason);
        // Half of the time that has passed: each pause is about half as long again as the one before.
        var pause = Clamp((now - episode.Since) / 2, FirstPause, others.Able > 0 ? MaxPauseNearby : MaxPause);
        return ($"{reason} Given back by {lanes.WorkerName}.", pause * (0.8 + (Random.Shared.NextDouble() * 0.4)));
    }

    private static string Explain(ClaimedRun run, bool knowsJob, UnservedException why, Serving others)
    {
        if (others.Able > 0)
        {
            return knowsJob
                ? $"{why.Message} It waits for one of the {others.Able} worker(s) of lane '{run.Lane}' with another version of the job."
                : $"{why.Message} It waits for one of the {others.Able} worker(s) of lane '{run.Lane}' that know it.";
        }

        var hint = others.Elsewhere.Count == 0
            ? "" : $" Workers of lane {string.Join(", ", others.Elsewhere.Select(l => $"'{l}'"))} offer it.";
        return knowsJob
            ? $"{why.Message} No active worker of lane '{run.Lane}' has another version of the job; it waits for one.{hint}"
            : $"No active worker of lane '{run.Lane}' knows the job '{run.Job}'; it waits for one.{hint}";
    }

    /// <summary>The active workers that offer the job in a version other than this worker's.</summary>
    private async Task<Serving> FindOthersAsync(ClaimedRun run, string? own)
    {
        try
        {
            var offers = await catalog.FindOffersAsync(MaxAge, CancellationToken.None);
            var name = (await catalog.FindAsync(run.Job, CancellationToken.None))?.Name ?? run.Job;
            return Serving.Find(offers, run.Lane, name, own);
        }
        catch (Exception)
        {
            // The run is given back all the same; only its pause and its reason know nothing of others.
            return new Serving(0, 0, [], []);
        }
    }

    private static TimeSpan Clamp(TimeSpan pause, TimeSpan least, TimeSpan most) => pause < least ? least : pause > most ? most : pause;

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Runs of job {Job} on lane {Lane} are given back, and the attempt is not counted: {Reason} This is logged once.")]
    private partial void LogUnserved(string job, string lane, string reason);

    /// <summary>Since when runs of a job have been given back without a long break, and when the last one was.</summary>
    private sealed class Episode(DateTimeOffset since)
    {
        private long _lastTicks = since.UtcTicks;
        private int _isTold;

        public DateTimeOffset Since => since;

        public DateTimeOffset Last
        {
            get => new(Volatile.Read(ref _lastTicks), TimeSpan.Zero);
            set => Volatile.Write(ref _lastTicks, value.UtcTicks);
        }

        /// <summary>True for one caller: of runs that are given back at the same moment only one is told.</summary>
        public bool BecomesTold() => Interlocked.Exchange(ref _isTold, 1) == 0;
    }
}
