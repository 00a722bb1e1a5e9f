using Fleet;

namespace FleetWorker;

/// <summary>Greets somebody. The name in the attribute is what is stored; the class may be renamed.</summary>
[Job("greet")]
public sealed record Greet(string Name);

/// <summary>The handler. It is made for each attempt; its constructor takes services.</summary>
public sealed class GreetJob : IJob<Greet, string>
{
    public Task<string> RunAsync(Greet args, JobContext context, CancellationToken ct)
    {
        context.Log.Information($"Attempt {context.Attempt} for {args.Name}.");
        return Task.FromResult($"Good day, {args.Name}!");
    }
}
