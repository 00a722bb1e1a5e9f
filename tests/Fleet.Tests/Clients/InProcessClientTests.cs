namespace Fleet.Tests.Clients;

/// <summary>The clients of the process that runs Fleet.</summary>
public sealed class InProcessFleet : ClientFleet
{
    public override IFleetClient Runs => Fleet.Client;

    public override IScheduleClient Schedules => Fleet.Schedules;
}

public sealed class InProcessClientTests(InProcessFleet fleet) : ClientConformance(fleet), IClassFixture<InProcessFleet>;
