namespace Fleet.JobPack;

/// <summary>A job of an assembly that no Fleet program references: tests drop it into a worker's jobs folder.</summary>
[Job("pack.greet", Description = "Greets.")]
public sealed record Greet(string Name);

public sealed class GreetJob : IJob<Greet, string>
{
    public Task<string> RunAsync(Greet args, JobContext context, CancellationToken ct) => Task.FromResult($"Hello, {args.Name}!");
}
