namespace Fleet.Core.Jobs;

/// <summary>The jobs that this process can execute, by name and alias.</summary>
public sealed class JobRegistry
{
    private readonly Dictionary<string, JobDefinition> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, JobDefinition> _byArgs = [];

    /// <exception cref="InvalidOperationException">Two jobs share a name or alias, a job is not well formed, middleware is for a job that
    /// is not here, or a job that was found has no handler; names the types.</exception>
    public JobRegistry(
        IEnumerable<JobRegistration> handlers, IEnumerable<JobMiddleware>? middleware = null, IEnumerable<FoundJob>? found = null,
        IEnumerable<JobHandledElsewhere>? elsewhere = null)
    {
        foreach (var job in handlers.Select(JobDefinition.For))
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
        RequireHandlers([.. found ?? []], (elsewhere ?? []).Select(e => e.ArgsType).ToHashSet());
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

    private void RequireHandlers(IReadOnlyList<FoundJob> found, HashSet<Type> elsewhere)
    {
        var missing = found.Where(f => !_byArgs.ContainsKey(f.ArgsType) && !elsewhere.Contains(f.ArgsType)).Distinct()
            .Select(f => $"The job '{f.Name}' ({f.ArgsType} in {f.ArgsType.Assembly.GetName().Name}) has no handler here: nothing that "
                + $"was added implements IJob<{f.ArgsType.Name}>.")
            .Order(StringComparer.Ordinal).ToList();
        if (missing.Count == 0)
            return;
        missing.Add("Add the handler, or HandledElsewhere<TArgs>() for a job that other processes run.");
        throw new InvalidOperationException(string.Join(Environment.NewLine, missing));
    }
}
