using Fleet.Bench.Drivers.Effects;

namespace Fleet.Bench.Drivers.Fleets;

/// <summary>Args of a job that does nothing, for comparison with those beside it; 200 bytes, as all here.</summary>
[Job("bench.plain")]
public sealed record Plain(long Sent, string Padding)
{
    /// <summary>Args that are enqueued now.</summary>
    public static Plain Make() => new(Talk.Now(), NoOp.Filler);
}

/// <summary>Args of a job that writes one row in the transaction that completes it.</summary>
[Job("bench.transaction")]
public sealed record InTransaction(long Sent, string Padding)
{
    /// <summary>Args that are enqueued now.</summary>
    public static InTransaction Make() => new(Talk.Now(), NoOp.Filler);
}

/// <summary>Args of a job that hands its row over, to be written together with the completions of many.</summary>
[Job("bench.batched")]
public sealed record Batched(long Sent, string Padding)
{
    /// <summary>Args that are enqueued now.</summary>
    public static Batched Make() => new(Talk.Now(), NoOp.Filler);
}

/// <summary>Args of a job whose first attempt throws.</summary>
[Job("bench.fails-once")]
public sealed record FailsOnce(long Sent, string Padding)
{
    /// <summary>Args that are enqueued now.</summary>
    public static FailsOnce Make() => new(Talk.Now(), NoOp.Filler);
}

internal sealed class PlainJob(Gauge gauge) : IJob<Plain>
{
    public Task RunAsync(Plain args, JobContext context, CancellationToken ct)
    {
        gauge.Handle(args.Sent);
        return Task.CompletedTask;
    }
}

internal sealed class InTransactionJob(Gauge gauge) : IJob<InTransaction>
{
    public Task RunAsync(InTransaction args, JobContext context, CancellationToken ct)
    {
        gauge.Handle(args.Sent);
        return context.CompleteAsync((transaction, token) => EffectRow.InsertAsync(transaction, context.RunId.ToString(), token), ct);
    }
}

internal sealed class BatchedJob(Gauge gauge) : IJob<Batched>
{
    public Task RunAsync(Batched args, JobContext context, CancellationToken ct)
    {
        gauge.Handle(args.Sent);
        context.Effect(EffectRow.Insert, new { job = context.RunId.ToString(), key = EffectRow.Key });
        return Task.CompletedTask;
    }
}

internal sealed class FailsOnceJob(Gauge gauge) : IJob<FailsOnce>
{
    public Task RunAsync(FailsOnce args, JobContext context, CancellationToken ct)
    {
        gauge.Handle(args.Sent);
        return context.Attempt == 1 ? throw new IOException("The first attempt fails.") : Task.CompletedTask;
    }
}
