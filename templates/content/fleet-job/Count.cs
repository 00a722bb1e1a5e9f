using Fleet;

namespace FleetJob;

/// <summary>Counts the words of a text. The name in the attribute is what is stored; the class may be renamed.</summary>
[Job("words.count")]
public sealed record Count(string Text);

/// <summary>The handler. It is made for each attempt; its constructor takes services.</summary>
public sealed class CountJob(WordCounter counter) : IJob<Count, int>
{
    public Task<int> RunAsync(Count args, JobContext context, CancellationToken ct) => Task.FromResult(counter.Count(args.Text));
}
