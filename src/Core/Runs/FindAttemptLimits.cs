using Fleet.Core.Jobs;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>The limits of attempts in the settings of a worker in this process.</summary>
/// <remarks>A process without a worker does not know them: they are settings of the workers.</remarks>
public interface IRetrySettings
{
    /// <summary>The limit for all jobs; null if the setting is empty.</summary>
    int? General { get; }

    /// <summary>The limit for a job; null if there is no rule for it.</summary>
    int? OfJob(string job);
}

/// <summary>Finds how many attempts a run gets, and who said so.</summary>
public sealed class FindAttemptLimits(JobCatalog catalog, IEnumerable<IRetrySettings> settings)
{
    private readonly IRetrySettings? _settings = settings.FirstOrDefault();

    /// <param name="run">The run.</param>
    /// <param name="attempts">Its attempts, oldest first. The limit that was applied to the last one holds for the next one, too.</param>
    /// <param name="ct">Cancels the call.</param>
    public async ValueTask<AttemptLimit> ExecuteAsync(Run run, IReadOnlyList<Attempt> attempts, CancellationToken ct)
    {
        if (attempts.LastOrDefault(a => a.MaxAttempts is not null) is { MaxAttempts: { } applied, MaxAttemptsFrom: { } from })
            return new AttemptLimit(applied, from);
        var job = run.MaxAttempts is null ? await catalog.FindAsync(run.Job, ct) : null;
        return AttemptLimit.Decide(run.MaxAttempts, _settings?.OfJob(run.Job), job?.MaxAttempts, _settings?.General);
    }
}
