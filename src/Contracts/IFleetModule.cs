using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet;

/// <summary>Registers what the handlers of an assembly need: a job assembly that is dropped into a worker's jobs folder has no
/// <c>Program.cs</c> to do it in.</summary>
/// <remarks>Every public or internal class of a job assembly that implements it is made once, with its parameterless constructor, when the
/// assembly's jobs are registered (<c>AddFrom</c>, <c>Fleet:Worker:JobsPath</c>). An exception stops the start.</remarks>
public interface IFleetModule
{
    /// <summary>Registers services. They share the container of the process with those of other assemblies: register types of your own,
    /// and use <c>TryAdd</c> for what others may register too.</summary>
    /// <param name="services">The services of the process.</param>
    /// <param name="configuration">The configuration of the process.</param>
    void ConfigureServices(IServiceCollection services, IConfiguration configuration);
}
