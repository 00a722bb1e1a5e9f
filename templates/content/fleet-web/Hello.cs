using Fleet;

namespace FleetWeb;

/// <summary>Says hello. The name in the attribute is what is stored; the class may be renamed.</summary>
[Job("hello")]
public sealed record Hello(string Name);

/// <summary>The handler. It is made for each attempt; its constructor takes services.</summary>
public sealed class HelloJob(ILogger<HelloJob> logger) : IJob<Hello, string>
{
    public Task<string> RunAsync(Hello args, JobContext context, CancellationToken ct)
    {
        logger.LogInformation("Attempt {Attempt} for {Name}.", context.Attempt, args.Name);
        return Task.FromResult($"Hello, {args.Name}!");
    }
}
