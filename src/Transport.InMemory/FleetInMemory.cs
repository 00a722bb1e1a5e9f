using Fleet.Transport.InMemory;

namespace Fleet;

/// <summary>The memory of the process as Fleet's transport.</summary>
public static class FleetInMemory
{
    /// <summary>Keeps Fleet's messages in the process, which then runs jobs and leads alone. This is the default.</summary>
    public static FleetBuilder UseInMemory(this FleetBuilder fleet) =>
        fleet.UseTransport(new TransportChoice("InMemory", ReachesOtherProcesses: false, services => services.AddFleetInMemoryTransport()));
}
