using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fleet;

/// <summary>Collects jobs and their middleware; see <see cref="JobServices.AddFleetJobs"/>.</summary>
/// <param name="services">The services of the process.</param>
/// <param name="configuration">The configuration of the process, for modules; null when it is not known here.</param>
public sealed class JobsBuilder(IServiceCollection services, IConfiguration? configuration = null)
{
    /// <summary>Adds the job that this handler handles.</summary>
    /// <exception cref="InvalidOperationException">The type is no handler, or its args type has no <see cref="JobAttribute"/>. Everything
    /// else that is wrong with a job stops the start of the process.</exception>
    public JobsBuilder Add<THandler>() where THandler : class => Add(typeof(THandler));

    /// <inheritdoc cref="Add{THandler}"/>
    public JobsBuilder Add(Type handler)
    {
        services.AddSingleton(JobRegistration.For(handler));
        return this;
    }

    /// <summary>Adds every handler that an assembly defines, and lets its <see cref="IFleetModule"/>s register what they need.</summary>
    /// <remarks>A job that the assembly defines and that has no handler in this process stops the start: see
    /// <see cref="HandledElsewhere{TArgs}"/>.</remarks>
    /// <exception cref="InvalidOperationException">A class handles more than one job, or a module cannot be used; names it.</exception>
    public JobsBuilder AddFrom(Assembly assembly)
    {
        foreach (var type in assembly.GetTypes().Where(t => t is { IsAbstract: false, IsGenericTypeDefinition: false }))
        {
            if (JobRegistration.IsHandler(type))
                Add(type);
            if (type.GetCustomAttribute<JobAttribute>(inherit: false) is { } job)
                services.AddSingleton(new FoundJob(type, job.Name));
            if (type.IsAssignableTo(typeof(IFleetModule)))
                services.AddModule(type, configuration);
        }

        return this;
    }

    /// <summary>Says that other processes run a job whose args type stands in an assembly of <see cref="AddFrom"/>: this one enqueues
    /// it.</summary>
    public JobsBuilder HandledElsewhere<TArgs>()
    {
        services.AddSingleton(new JobHandledElsewhere(typeof(TArgs)));
        return this;
    }

    /// <summary>Puts middleware around all jobs of the process, wherever they are added. The middleware that is registered first, here
    /// or with <see cref="UseFor{TArgs, TMiddleware}"/>, is the outermost.</summary>
    public JobsBuilder Use<TMiddleware>() where TMiddleware : class, IJobMiddleware => Use<TMiddleware>(argsType: null);

    /// <summary>Puts middleware around one job. A process that does not have the job does not start.</summary>
    /// <typeparam name="TArgs">The args type of the job.</typeparam>
    /// <typeparam name="TMiddleware">Made in the scope of the attempt. A type that is registered as a service already keeps its
    /// lifetime.</typeparam>
    public JobsBuilder UseFor<TArgs, TMiddleware>() where TMiddleware : class, IJobMiddleware => Use<TMiddleware>(typeof(TArgs));

    private JobsBuilder Use<TMiddleware>(Type? argsType) where TMiddleware : class, IJobMiddleware
    {
        services.TryAddScoped<TMiddleware>();
        services.AddSingleton(new JobMiddleware(typeof(TMiddleware), argsType));
        return this;
    }
}

/// <summary>Registration of jobs.</summary>
public static class JobServices
{
    /// <summary>Registers jobs with the process: <c>services.AddFleetJobs(jobs => jobs.Add&lt;DailyReportJob&gt;())</c>.</summary>
    /// <param name="services">The services of the process.</param>
    /// <param name="configure">Adds jobs and middleware.</param>
    /// <param name="configuration">The configuration of the process. An assembly with an <see cref="IFleetModule"/> needs it.</param>
    public static IServiceCollection AddFleetJobs(
        this IServiceCollection services, Action<JobsBuilder> configure, IConfiguration? configuration = null)
    {
        configure(new JobsBuilder(services, configuration));
        return services;
    }
}
