namespace Fleet.RollingPack;

/// <summary>Is the same in both versions.</summary>
[Job("roll.same")]
public sealed record Same(int Number);

/// <summary>Needs a customer, which runs of the version before do not have.</summary>
[Job("roll.grow")]
public sealed record Grow(int Number, string Customer);

/// <summary>Has an argument more, which may be left out.</summary>
[Job("roll.option")]
public sealed record Option(int Number, string? Title);

/// <summary>Was not there in the version before.</summary>
[Job("roll.new")]
public sealed record New(int Number);

public sealed class SameJob : IJob<Same, string>
{
    public Task<string> RunAsync(Same args, JobContext context, CancellationToken ct) => Task.FromResult("v2");
}

public sealed class GrowJob : IJob<Grow, string>
{
    public Task<string> RunAsync(Grow args, JobContext context, CancellationToken ct) => Task.FromResult("v2");
}

public sealed class OptionJob : IJob<Option, string>
{
    public Task<string> RunAsync(Option args, JobContext context, CancellationToken ct) => Task.FromResult("v2");
}

public sealed class NewJob : IJob<New, string>
{
    public Task<string> RunAsync(New args, JobContext context, CancellationToken ct) => Task.FromResult("v2");
}
