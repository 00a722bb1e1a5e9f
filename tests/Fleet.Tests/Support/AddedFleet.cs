using Fleet.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Support;

/// <summary>A program with Fleet that is never started.</summary>
internal static class AddedFleet
{
    /// <summary>What the start of a program with these settings says.</summary>
    /// <returns>Null if the settings are allowed.</returns>
    public static string? Refuse(IEnumerable<KeyValuePair<string, string?>> settings, Action<FleetBuilder>? configure = null) =>
        Record.Exception(() => Check(settings, configure)) is { } error ? FleetHost.Explain(error) ?? error.ToString() : null;

    private static void Check(IEnumerable<KeyValuePair<string, string?>> settings, Action<FleetBuilder>? configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddFleet(configure);
        using var services = builder.Services.BuildServiceProvider();
        services.GetRequiredService<IStartupValidator>().Validate();
    }
}
