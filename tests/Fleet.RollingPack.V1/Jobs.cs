namespace Fleet.RollingPack;

/// <summary>Is the same in both versions.</summary>
[Job("roll.same")]
public sealed record Same(int Number);

/// <summary>Gains an optional and a required argument in the next version.</summary>
[Job("roll.grow")]
public sealed record Grow(int Number);

/// <summary>Gains a nullable argument in the next version.</summary>
[Job("roll.option")]
public sealed record Option(int Number);

/// <summary>Is not there in the next version.</summary>
[Job("roll.removed")]
public sealed record Removed(int Number);

public sealed class SameJob : IJob<Same, string>
{
    public Task<string> RunAsync(Same args, JobContext context, CancellationToken ct) => Task.FromResult("v1");
}

public sealed class GrowJob : IJob<Grow, string>
{
    public Task<string> RunAsync(Grow args, JobContext context, CancellationToken ct) => Task.FromResult("v1");
}

public sealed class OptionJob : IJob<Option, string>
{
    public Task<string> RunAsync(Option args, JobContext context, CancellationToken ct) => Task.FromResult("v1");
}

public sealed class RemovedJob : IJob<Removed, string>
{
    public Task<string> RunAsync(Removed args, JobContext context, CancellationToken ct) => Task.FromResult("v1");
}
