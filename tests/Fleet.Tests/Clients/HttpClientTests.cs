using Fleet.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Clients;

/// <summary>The clients of another program, which reaches Fleet over HTTP.</summary>
public sealed class HttpFleet : ClientFleet
{
    private ServiceProvider? _program;

    public override IFleetClient Runs => _program!.GetRequiredService<IFleetClient>();

    public override IScheduleClient Schedules => _program!.GetRequiredService<IScheduleClient>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var services = new ServiceCollection();
        services.AddFleetClient(o => o.Server = Fleet.Http.BaseAddress);
        _program = services.BuildServiceProvider();
    }

    public override async ValueTask DisposeAsync()
    {
        await _program!.DisposeAsync();
        await base.DisposeAsync();
    }
}

public sealed class HttpClientTests(HttpFleet fleet) : ClientConformance(fleet), IClassFixture<HttpFleet>;
