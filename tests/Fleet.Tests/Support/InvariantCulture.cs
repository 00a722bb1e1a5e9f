using System.Runtime.CompilerServices;
using Fleet.Hosting;

namespace Fleet.Tests.Support;

/// <summary>The culture that every Fleet process has.</summary>
internal static class InvariantCulture
{
    [ModuleInitializer]
    internal static void Use() => FleetHost.UseInvariantCulture();
}
