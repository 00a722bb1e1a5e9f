using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fleet.Core.Jobs;

/// <summary>The jobs that this process can execute, by name and alias.</summary>
public sealed class JobRegistry
{
    private readonly Dictionary<string, JobDefinition> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, JobDefinition> _byArgs = [];

    /// <exception cref="InvalidOperationException">Two jobs share a name or alias, a job is not well formed, or middleware is for a job
    /// that is not here; names the types.</exception>
    public JobRegistry(IEnumerable<JobDefinition> jobs, IEnumerable<JobMiddleware>? middleware = null)
    {
        foreach (var job in jobs)
        {
            // The same handler may be registered by hand and again with its assembly.
            if (_byArgs.TryGetValue(job.ArgsType, out var known) && known.HandlerType == job.HandlerType)
                continue;
            if (known is not null)
            {
                throw new InvalidOperationException(
                    $"Two handlers are registered for {job.ArgsType}: {known.HandlerType} and {job.HandlerType}; allowed is one.");
            }

            _byArgs.Add(job.ArgsType, job);
            foreach (var name in job.Aliases.Prepend(job.Name))
            {
                if (!_byName.TryAdd(name, job))
                {
                    throw new InvalidOperationException(
                        $"The job name '{name}' is used twice: by {_byName[name].HandlerType} and by {job.HandlerType}; names and aliases "
                            + "must be unique.");
                }
            }
        }

        Surround([.. middleware ?? []]);
    }

    /// <summary>All jobs, each once.</summary>
    public IReadOnlyCollection<JobDefinition> All => _byArgs.Values;

    /// <summary>All names and aliases.</summary>
    public IReadOnlyCollection<string> Names => _byName.Keys;

    /// <summary>Finds a job by its name or an alias.</summary>
    public JobDefinition? Find(string name) => _byName.GetValueOrDefault(name);

    private void Surround(IReadOnlyList<JobMiddleware> middleware)
    {
        if (middleware.FirstOrDefault(m => m.ArgsType is { } args && !_byArgs.ContainsKey(args)) is { } stray)
        {
            throw new InvalidOperationException(
                $"The middleware {stray.Type} is for the job of {stray.ArgsType}, which has no handler here; add it with AddFleetJobs.");
        }

        foreach (var job in _byArgs.Values)
            job.Middleware = [.. middleware.Where(m => m.ArgsType is null || m.ArgsType == job.ArgsType).Select(m => m.Type)];
    }
}

/// <summary>Collects jobs and their middleware; see <see cref="JobServices.AddFleetJobs"/>.</summary>
public sealed class JobsBuilder(IServiceCollection services)
{
    /// <summary>Adds the job that this handler handles.</summary>
    /// <exception cref="InvalidOperationException">The type is no handler, or its args type has no well-formed
    /// <see cref="JobAttribute"/>.</exception>
    public JobsBuilder Add<THandler>() where THandler : class => Add(typeof(THandler));

    /// <inheritdoc cref="Add{THandler}"/>
    public JobsBuilder Add(Type handler)
    {
        services.AddSingleton(JobDefinition.For(handler));
        return this;
    }

    /// <summary>Adds every handler that an assembly defines.</summary>
    public JobsBuilder AddFrom(Assembly assembly)
    {
        foreach (var type in assembly.GetTypes().Where(JobDefinition.IsHandler))
            Add(type);
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
    public static IServiceCollection AddFleetJobs(this IServiceCollection services, Action<JobsBuilder> configure)
    {
        services.TryAddScoped<HandlerOwner>();
        configure(new JobsBuilder(services));
        return services;
    }
}
