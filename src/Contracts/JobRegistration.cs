namespace Fleet;

/// <summary>A handler that was registered.</summary>
public sealed class JobRegistration
{
    private JobRegistration(Type handler, Type handles)
    {
        Handler = handler;
        Handles = handles;
    }

    /// <summary>The type of the handler.</summary>
    public Type Handler { get; }

    /// <summary>The interface that it implements: <see cref="IJob{TArgs}"/> or <see cref="IJob{TArgs, TResult}"/>.</summary>
    public Type Handles { get; }

    /// <summary>True for a class that handles a job and can be made, also for one that handles more than one, which <see cref="For"/>
    /// refuses.</summary>
    public static bool IsHandler(Type type) =>
        type is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: false } && Interfaces(type).Any();

    /// <summary>Describes a handler.</summary>
    /// <exception cref="InvalidOperationException">The type is no handler, handles more than one job, or its args type has no
    /// <see cref="JobAttribute"/>.</exception>
    public static JobRegistration For(Type handler)
    {
        var found = Interfaces(handler).ToArray();
        var handles = found.Length switch
        {
            1 => found[0],
            0 => throw new InvalidOperationException(
                $"{handler} is no handler: it implements neither IJob<TArgs> nor IJob<TArgs, TResult>."),
            _ => throw new InvalidOperationException(
                $"{handler} handles more than one job: {string.Join(", ", found.Select(i => i.GetGenericArguments()[0]))}; allowed is one "
                    + "job per class."),
        };
        var args = handles.GetGenericArguments()[0];
        return args.IsDefined(typeof(JobAttribute), inherit: false)
            ? new JobRegistration(handler, handles)
            : throw new InvalidOperationException($"{handler} handles {args}, which has no [Job(\"name\")] attribute.");
    }

    private static IEnumerable<Type> Interfaces(Type type) => type.GetInterfaces().Where(i => i.IsGenericType
        && (i.GetGenericTypeDefinition() == typeof(IJob<>) || i.GetGenericTypeDefinition() == typeof(IJob<,>)));
}

/// <summary>A middleware that was registered.</summary>
/// <param name="Type">Implements <see cref="IJobMiddleware"/>.</param>
/// <param name="ArgsType">The args type of the one job that it is for; null: for all jobs.</param>
public sealed record JobMiddleware(Type Type, Type? ArgsType);

/// <summary>A job whose args type stands in an assembly that was searched for handlers.</summary>
/// <param name="ArgsType">The args type.</param>
/// <param name="Name">The name in its <see cref="JobAttribute"/>.</param>
public sealed record FoundJob(Type ArgsType, string Name);

/// <summary>A job that this process knows and does not run.</summary>
/// <param name="ArgsType">The args type.</param>
public sealed record JobHandledElsewhere(Type ArgsType);
