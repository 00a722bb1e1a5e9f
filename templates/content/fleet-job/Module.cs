using Fleet;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FleetJob;

/// <summary>Registers what the handlers of this assembly need, wherever it is loaded.</summary>
public sealed class Module : IFleetModule
{
    public void ConfigureServices(IServiceCollection services, IConfiguration configuration) => services.AddSingleton<WordCounter>();
}

/// <summary>A service of this assembly.</summary>
public sealed class WordCounter
{
    public int Count(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
}
