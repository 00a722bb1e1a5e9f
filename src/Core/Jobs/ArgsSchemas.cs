namespace Fleet.Core.Jobs;

/// <summary>Checks args before a run is stored, so that every accepted run can be read by a worker of some version.</summary>
public sealed class ArgsSchemas(JobCatalog catalog)
{
    private readonly ArgsCheck _one = new();

    /// <summary>Checks args against every accepted version of the job.</summary>
    /// <param name="job">The preferred version.</param>
    /// <param name="args">JSON text in the form of <see cref="ArgsText"/>.</param>
    /// <returns>All violations of the preferred version; empty when the args fit any accepted version. What is only shown in the place of a
    /// secret is refused by whatever version has the secret.</returns>
    public async Task<IReadOnlyList<InputError>> CheckAsync(JobInfo job, string args)
    {
        // Nearly no args have it.
        if (args.Contains(SecretAttribute.Redacted, StringComparison.Ordinal)
            && (await catalog.FindSecretsAsync(job.Name, CancellationToken.None)).FindRedacted(args) is { Count: > 0 } redacted)
            return redacted;
        var errors = _one.Check(job, args);
        return errors.Count == 0 || await FitsAnotherAsync(job, args, CancellationToken.None) ? [] : errors;
    }

    /// <summary>True if args that the preferred version cannot read fit another accepted version.</summary>
    public async Task<bool> FitsAnotherAsync(JobInfo job, string args, CancellationToken ct) =>
        (await catalog.FindOthersAsync(job, ct)).Any(other => _one.Check(other, args).Count == 0);
}
