namespace Fleet.Core.Jobs;

/// <summary>Redacts args. Every process that shows args asks here, whether it has the job's args type or not.</summary>
/// <remarks>What it knows of the jobs of other processes is at most one second old.</remarks>
/// <param name="catalog">The jobs; null: none has secrets.</param>
public sealed class SecretArgs(JobCatalog? catalog)
{
    /// <summary>The secret members of a job, to redact the args of several of its runs.</summary>
    /// <param name="job">The name of the job, or an alias. A job that nobody knows has no secrets.</param>
    /// <param name="ct">Cancels the call.</param>
    public ValueTask<SecretMembers> FindAsync(string job, CancellationToken ct) =>
        catalog?.FindSecretsAsync(job, ct) ?? ValueTask.FromResult(SecretMembers.None);

    /// <summary>Redacts the args of a run or a schedule.</summary>
    /// <param name="job">The name of the job, or an alias.</param>
    /// <param name="args">JSON text of the args.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>JSON text with <see cref="SecretAttribute.Redacted"/> in the place of each secret.</returns>
    public async ValueTask<string> ReadAsync(string job, string args, CancellationToken ct) =>
        (await FindAsync(job, ct)).Redact(args);

    /// <summary>The jobs that have secrets.</summary>
    public ValueTask<IReadOnlyList<SecretJob>> ListAsync(CancellationToken ct) =>
        catalog?.ListSecretsAsync(ct) ?? ValueTask.FromResult<IReadOnlyList<SecretJob>>([]);
}

/// <summary>A job that has secrets, under one of its names.</summary>
/// <param name="Name">Its name or an alias.</param>
/// <param name="Lane">Its default lane.</param>
/// <param name="Secrets">The members of its args that are secret.</param>
public sealed record SecretJob(string Name, string Lane, SecretMembers Secrets);
