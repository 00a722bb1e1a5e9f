namespace Fleet.Core.Jobs;

/// <summary>Checks args before anything is stored, so that what is accepted runs: a worker of one of the versions can read them.</summary>
public sealed class ArgsSchemas(JobCatalog catalog)
{
    private readonly ArgsCheck _one = new();

    /// <summary>Checks args against every version of the job that is accepted.</summary>
    /// <param name="job">The version at hand.</param>
    /// <param name="args">JSON text, as <see cref="ArgsText"/> makes it.</param>
    /// <returns>The first violation of the version at hand; null when the args fit a version.</returns>
    public async Task<InputError?> CheckAsync(JobInfo job, string args)
    {
        var error = _one.Check(job, args);
        return error is null || await FitsAnotherAsync(job, args, CancellationToken.None) ? null : error;
    }

    /// <summary>Whether args that the version at hand cannot read fit another version of the job that is accepted.</summary>
    public async Task<bool> FitsAnotherAsync(JobInfo job, string args, CancellationToken ct) =>
        (await catalog.FindOthersAsync(job, ct)).Any(other => _one.Check(other, args) is null);
}
