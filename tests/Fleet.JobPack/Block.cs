using System.Diagnostics.CodeAnalysis;

namespace Fleet.JobPack;

/// <summary>Holds its thread, as code does that does not know of tasks.</summary>
/// <param name="Ms">For how long, in milliseconds.</param>
[Job("pack.block", Description = "Blocks its thread.")]
public sealed record Block(int Ms);

public sealed class BlockJob : IJob<Block>
{
    [SuppressMessage("ApiDesign", "RS0030", Justification = "To block is what it is for.")]
    public Task RunAsync(Block args, JobContext context, CancellationToken ct)
    {
        Thread.Sleep(args.Ms);
        return Task.CompletedTask;
    }
}
