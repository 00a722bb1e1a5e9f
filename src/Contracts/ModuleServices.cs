using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet;

/// <summary>Registration of what a job assembly's <see cref="IFleetModule"/> registers.</summary>
internal static class ModuleServices
{
    /// <summary>Lets a module register its services, once per process.</summary>
    /// <exception cref="InvalidOperationException">The module cannot be made, or it failed, or the configuration is not known here; names
    /// the module.</exception>
    public static void AddModule(this IServiceCollection services, Type type, IConfiguration? configuration)
    {
        // The assembly may be added twice: from the jobs folder and in code.
        if (services.Any(s => s.ImplementationInstance is KnownModule known && known.Type == type))
            return;
        if (configuration is null)
        {
            throw new InvalidOperationException(
                $"The module {type} needs the configuration of the process; pass it: services.AddFleetJobs(jobs => …, configuration).");
        }

        try
        {
            if (Activator.CreateInstance(type) is IFleetModule module)
                module.ConfigureServices(services, configuration);
        }
        catch (MissingMethodException e)
        {
            throw new InvalidOperationException(
                $"The module {type} cannot be made: it has no public constructor without parameters.", e);
        }
        catch (Exception e)
        {
            var cause = e is System.Reflection.TargetInvocationException { InnerException: { } inner } ? inner : e;
            throw new InvalidOperationException($"The module {type} failed while it registered its services: {cause.Message}", cause);
        }

        services.AddSingleton(new KnownModule(type));
    }

    private sealed record KnownModule(Type Type);
}
