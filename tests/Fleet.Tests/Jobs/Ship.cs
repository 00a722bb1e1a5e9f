using Fleet.Tests.Support;

namespace Fleet.Tests.Jobs;

/// <summary>A job as an old program has it.</summary>
[Job("ship", Aliases = ["ship.old"])]
public sealed record ShipOld(string Order, int Boxes = 1);

/// <summary>The same job in a new program: an argument that may be left out, and one that may not.</summary>
[Job("ship", Lane = "parcels")]
public sealed record ShipNew(string Order, int Boxes, string Customer, bool? Express);

public sealed class ShipOldJob : IJob<ShipOld>
{
    public Task RunAsync(ShipOld args, JobContext context, CancellationToken ct) => Task.CompletedTask;
}

public sealed class ShipNewJob : IJob<ShipNew>
{
    public Task RunAsync(ShipNew args, JobContext context, CancellationToken ct) => Task.CompletedTask;
}

/// <summary>Another version of <see cref="Needy"/>, whose second argument is text.</summary>
[Job("test.needy")]
public sealed record NeedyText(string First, string Second);

public sealed class NeedyTextJob : IJob<NeedyText>
{
    public Task RunAsync(NeedyText args, JobContext context, CancellationToken ct) => Task.CompletedTask;
}

/// <summary>A job that only a new program knows.</summary>
[Job("test.gone")]
public sealed record Gone;

public sealed class GoneJob : IJob<Gone>
{
    public Task RunAsync(Gone args, JobContext context, CancellationToken ct) => Task.CompletedTask;
}
