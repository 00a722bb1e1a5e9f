// CA1848: these lines are written as most people's handlers write them.
#pragma warning disable CA1848
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Support;

/// <summary>A job with secrets, whose handler tells them wherever it can.</summary>
[Job("test.vault", Aliases = ["test.safe"])]
public sealed record Vault(
    string Word, [Secret] string? Password = null, IReadOnlyList<VaultAccount>? Accounts = null, string? Note = null);

public sealed record VaultAccount(string User, [property: Secret] string? Key);

/// <summary>What the job returns: one member is marked itself, the other holds what the args have as a secret.</summary>
public sealed record VaultContent(string? Told, [Secret] string? Hidden, string? Note);

internal sealed class VaultJob(ILogger<VaultJob> logger) : IJob<Vault, VaultContent>
{
    public async Task<VaultContent> RunAsync(Vault args, JobContext context, CancellationToken ct)
    {
        context.Log.Information($"signing in with {args.Password}, {args.Note}");
        context.ReportProgress(0.5, $"signed in with {args.Password}, {args.Note}");
        if (args.Word == "log")
            logger.LogWarning("mine is {Password}, {Note}", args.Password, args.Note);
        await Task.Yield();
        if (args.Word == "fail")
        {
            var padding = new string('x', 1985);
            throw new NonRetryableException(
                $"no entry with {args.Password}, {args.Note}",
                new InvalidOperationException($"{padding[..900]}{args.Password} was refused, {args.Accounts?[0].Key}"));
        }

        return new VaultContent($"it was {args.Password}", "never-stored-" + args.Note, args.Note);
    }
}
