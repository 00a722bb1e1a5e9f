using Fleet.Core.Leadership;

namespace Fleet.Tests.Support;

/// <summary>The fleet of processes that have a transport and no database.</summary>
internal static class TestFleet
{
    public static FleetIdentity Identity { get; } = FleetIdentity.Of("0af7651916cd43dd8448eb211c80319c");

    public static FleetIdentity Other { get; } = FleetIdentity.Of("b7ad6b716920333100f067aa0ba902b7");
}
