using System.ComponentModel.DataAnnotations;
using System.Data.Common;
using System.Diagnostics;
using System.Text.Json;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fleet.Engine.Diagnostics;

/// <summary>Returns its args.</summary>
[Job("diag.echo", Description = "Returns its args.")]
public sealed record Echo
{
    [System.Text.Json.Serialization.JsonExtensionData]
    public IDictionary<string, JsonElement>? Args { get; init; }
}

internal sealed class EchoJob : IJob<Echo, Echo>
{
    public Task<Echo> RunAsync(Echo args, JobContext context, CancellationToken ct) => Task.FromResult(args);
}

/// <summary>Takes its time, reporting progress.</summary>
/// <param name="Ms">0 to 86400000.</param>
/// <param name="IgnoreCancellation">True for a handler that does not heed its token.</param>
[Job("diag.sleep", Description = "Takes its time, reporting progress.")]
public sealed record Sleep([property: Range(0, 86_400_000)] int Ms, bool IgnoreCancellation = false);

internal sealed class SleepJob(TimeProvider time) : IJob<Sleep>
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    public async Task RunAsync(Sleep args, JobContext context, CancellationToken ct)
    {
        var whole = TimeSpan.FromMilliseconds(args.Ms);
        for (var slept = TimeSpan.Zero; slept < whole; slept += Step)
        {
            context.ReportProgress(slept / whole, $"{slept.TotalSeconds:0.0} of {whole.TotalSeconds:0.0} s");
            var left = whole - slept;
            await Task.Delay(left < Step ? left : Step, time, args.IgnoreCancellation ? CancellationToken.None : ct);
        }
    }
}

/// <summary>Fails that many attempts, then succeeds.</summary>
[Job("diag.flaky", Description = "Fails that many attempts, then succeeds.")]
public sealed record Flaky([property: Range(0, 1000)] int Failures);

internal sealed class FlakyJob : IJob<Flaky, string>
{
    public Task<string> RunAsync(Flaky args, JobContext context, CancellationToken ct) => context.Attempt <= args.Failures
        ? throw new InvalidOperationException($"Attempt {context.Attempt} of {args.Failures} that fail.")
        : Task.FromResult($"Succeeded at attempt {context.Attempt}.");
}

/// <summary>Always fails.</summary>
/// <param name="Retryable">False for an error that must not be tried again.</param>
[Job("diag.fail", Description = "Always fails.")]
public sealed record Fail(bool Retryable = true);

internal sealed class FailJob : IJob<Fail>
{
    public Task RunAsync(Fail args, JobContext context, CancellationToken ct) => args.Retryable
        ? throw new InvalidOperationException("This job always fails.")
        : throw new NonRetryableException("This job always fails, and trying again would not help.");
}

/// <summary>Kills its process, as a crash of the machine would.</summary>
[Job("diag.crash", Description = "Kills its process.")]
public sealed record Crash;

internal sealed class CrashJob(TimeProvider time) : IJob<Crash>
{
    public async Task RunAsync(Crash args, JobContext context, CancellationToken ct)
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        await Task.Delay(Timeout.InfiniteTimeSpan, time, CancellationToken.None);
    }
}

/// <summary>Writes one row into <c>diag_ledger</c>, which has no unique constraint, together with its completion: the proof
/// of exactly-once effects.</summary>
/// <param name="Key">Up to 200 characters.</param>
/// <param name="OwnTransaction">True for a transaction that the handler opens and commits by itself.</param>
[Job("diag.ledger", Description = "Writes (run_id, key) into diag_ledger together with its completion.")]
public sealed record Ledger(string Key, bool OwnTransaction = false);

internal sealed class LedgerJob(IStorage storage) : IJob<Ledger>
{
    /// <summary>Writes the row, with the parameters <c>@run</c> and <c>@key</c>.</summary>
    public const string Insert = """INSERT INTO fleet.diag_ledger (run_id, "key") VALUES (@run, @key)""";

    public Task RunAsync(Ledger args, JobContext context, CancellationToken ct) => args.OwnTransaction
        ? InOwnTransactionAsync(args, context, ct)
        : context.CompleteAsync((transaction, token) => InsertAsync(transaction, args, context, token), ct);

    private async Task InOwnTransactionAsync(Ledger args, JobContext context, CancellationToken ct)
    {
        await using var turn = await storage.TakeTurnAsync(ct);
        await using var db = storage.Read();
        await using var own = await db.Database.BeginTransactionAsync(ct);
        await InsertAsync(own.GetDbTransaction(), args, context, ct);
        await context.CompleteAsync(own.GetDbTransaction(), ct);
        await own.CommitAsync(ct);
    }

    private async Task InsertAsync(DbTransaction transaction, Ledger args, JobContext context, CancellationToken ct)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = storage.Schema.In(Insert);
        AddParameter(command, "@run", context.RunId.ToString());
        AddParameter(command, "@key", args.Key);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static void AddParameter(DbCommand command, string name, string value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}

/// <summary>Writes the same row as <see cref="Ledger"/>, handed over as an effect: those of many runs share a transaction.</summary>
[Job("diag.effect", Description = "Writes (run_id, key) into diag_ledger as an effect.")]
public sealed record LedgerEffect(string Key);

internal sealed class LedgerEffectJob(IStorage storage) : IJob<LedgerEffect>
{
    public Task RunAsync(LedgerEffect args, JobContext context, CancellationToken ct)
    {
        context.Effect(storage.Schema.In(LedgerJob.Insert), new { run = context.RunId.ToString(), key = args.Key });
        return Task.CompletedTask;
    }
}

/// <summary>The job pack for tests and first tries.</summary>
public static class DiagnosticJobs
{
    /// <summary>Adds the diagnostic jobs.</summary>
    public static IServiceCollection AddDiagnosticJobs(this IServiceCollection services) => services
        .AddFleetJobs(jobs => jobs.Add<EchoJob>().Add<SleepJob>().Add<FlakyJob>().Add<FailJob>().Add<CrashJob>()
            .Add<LedgerJob>().Add<LedgerEffectJob>());
}
