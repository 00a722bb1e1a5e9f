namespace Fleet.JobPack;

/// <summary>A job with a secret, which its handler tells to whoever reads errors and logs.</summary>
[Job("pack.vault")]
public sealed record Vault([Secret] string Password, string Note, bool Fails = true);

public sealed class VaultJob : IJob<Vault, string>
{
    public Task<string> RunAsync(Vault args, JobContext context, CancellationToken ct)
    {
        context.Log.Information($"signing in with {args.Password}, {args.Note}");
        context.ReportProgress(0.5, $"{args.Password}, {args.Note}");
        return args.Fails
            ? throw new NonRetryableException($"no entry with {args.Password}, {args.Note}")
            : Task.FromResult($"{args.Password}, {args.Note}");
    }
}
