using System.IO.Enumeration;
using Fleet.Core.Actors;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Samples;

/// <summary>A rule about which failed runs get another chance by themselves.</summary>
/// <param name="Job">The job's name, where <c>*</c> stands for any characters and <c>?</c> for one; this job itself never matches.</param>
/// <param name="ErrorContains">Text that the error must contain, in any case. Null: any error.</param>
/// <param name="MaxReplays">A run that was replayed this often, by anybody, is left to a person: 1–100.</param>
/// <param name="MinAgeSeconds">How long ago the run must have failed: 0–31536000.</param>
/// <param name="Limit">Runs to replay at most: 1–10000. The longest dead come first.</param>
[Job("samples.retry-dead-letters", Timeout = "00:05:00",
    Description = "Replays failed runs by a rule about job, error, age and number of replays.")]
public sealed record RetryDeadLetters(
    string Job, string? ErrorContains = null, int MaxReplays = 3, int MinAgeSeconds = 15, int Limit = 100)
{
    /// <summary>Does the rule speak of this job and error?</summary>
    public bool Matches(string job, string? error) =>
        FileSystemName.MatchesSimpleExpression(Job, job, ignoreCase: false)
        && (ErrorContains is null || (error?.Contains(ErrorContains, StringComparison.OrdinalIgnoreCase) ?? false));

    /// <summary>What is wrong with the rule; null when all is well.</summary>
    public string? Check() => this switch
    {
        { Job.Length: < 1 or > 128 } => $"job: {Job.Length} characters are not allowed; allowed is 1–128.",
        { MaxReplays: < 1 or > 100 } => $"maxReplays: '{MaxReplays}' is not allowed; allowed is 1–100.",
        { MinAgeSeconds: < 0 or > 31_536_000 } => $"minAgeSeconds: '{MinAgeSeconds}' is not allowed; allowed is 0–31536000.",
        { Limit: < 1 or > 10_000 } => $"limit: '{Limit}' is not allowed; allowed is 1–10000.",
        _ => null,
    };
}

/// <summary>What one run did.</summary>
/// <param name="Scanned">Failed runs that were old enough and had replays left.</param>
/// <param name="Matched">Those of them that the rule speaks of, up to its limit.</param>
/// <param name="Replayed">Those that wait to be executed again.</param>
/// <param name="Skipped">Those that somebody else replayed or deleted in between.</param>
public sealed record RetryDeadLettersResult(int Scanned, int Matched, int Replayed, int Skipped);

internal sealed class RetryDeadLettersJob(IStorage storage, GetRuns get, ReplayRuns replay, TimeProvider time)
    : IJob<RetryDeadLetters, RetryDeadLettersResult>
{
    public async Task<RetryDeadLettersResult> RunAsync(RetryDeadLetters args, JobContext context, CancellationToken ct)
    {
        if (args.Check() is { } error)
            throw new NonRetryableException(error);
        var (scanned, matched) = await FindAsync(args, context.Job, ct);

        var replayed = 0;
        for (var i = 0; i < matched.Count; i++)
        {
            // Read again: a rule that ran beside this one may have spent the last replay.
            if (await get.FindAsync(matched[i], ct) is { State: RunState.Failed } run && run.Replays < args.MaxReplays
                && await replay.ExecuteAsync(run.Id, Actor.Create(ActorKind.Program, $"{context.Job} {context.RunId}"), ct)
                    == ReplayResult.Replayed)
            {
                replayed++;
                context.Log.Information($"Replayed {run.Job} {run.Id}, replay {run.Replays + 1} of {args.MaxReplays}: {run.Error}");
            }

            context.ReportProgress((i + 1.0) / matched.Count, $"{replayed} of {matched.Count} replayed");
        }

        return new RetryDeadLettersResult(scanned, matched.Count, replayed, matched.Count - replayed);
    }

    private async Task<(int Scanned, List<RunId> Matched)> FindAsync(RetryDeadLetters rule, string self, CancellationToken ct)
    {
        var until = time.GetUtcNow() - TimeSpan.FromSeconds(rule.MinAgeSeconds);
        await using var db = storage.Read();
        var candidates = db.FailedOrCanceled(until).AsNoTracking()
            .Where(r => r.State == RunState.Failed && r.Replays < rule.MaxReplays && r.Job != self)
            .Select(r => new { r.Id, r.Job, r.Error });
        var scanned = 0;
        var matched = new List<RunId>();
        await foreach (var run in candidates.AsAsyncEnumerable().WithCancellation(ct))
        {
            scanned++;
            if (rule.Matches(run.Job, run.Error))
                matched.Add(run.Id);
            if (matched.Count == rule.Limit)
                break;
        }

        return (scanned, matched);
    }
}
