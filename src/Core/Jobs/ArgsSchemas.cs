namespace Fleet.Core.Jobs;

/// <summary>Checks args before a run is stored, so that every accepted run can be read by a worker of some version.</summary>
public sealed class ArgsSchemas(JobCatalog catalog)
{
    private readonly ArgsCheck _one = new();

    /// <summary>Checks args against every accepted version of the job.</summary>
    /// <param name="job">The preferred version.</param>
    /// <param name="args">JSON text in the form of <see cref="ArgsText"/>.</param>
    /// <returns>The first violation of the preferred version; null when the args fit any accepted version.</returns>
    public async Task<InputError?> CheckAsync(JobInfo job, string args)
    {
        var error = _one.Check(job, args);
        return error is null || await FitsAnotherAsync(job, args, CancellationToken.None) ? null : error;
    }

    /// <summary>True if args that the preferred version cannot read fit another accepted version.</summary>
    public async Task<bool> FitsAnotherAsync(JobInfo job, string args, CancellationToken ct) =>
        (await catalog.FindOthersAsync(job, ct)).Any(other => _one.Check(other, args) is null);
}
