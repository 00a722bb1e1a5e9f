using System.Reflection;

namespace Fleet.Engine.Workers;

/// <summary>Finds the service that a constructor needs and that nothing registers, also behind registered types: the container itself says
/// so only when it makes the object.</summary>
/// <param name="registered">What was registered with the process.</param>
/// <param name="provider">The container.</param>
public sealed class FindMissingServices(RegisteredServices registered, IServiceProvider provider)
{
    /// <summary>Null with a container that cannot tell what it has: nothing is checked then.</summary>
    private readonly IServiceProviderIsService? _has = provider.GetService<IServiceProviderIsService>();

    /// <summary>Null when the container can fill the constructor of a class that is not registered, such as a handler; otherwise the path
    /// to what is missing.</summary>
    public string? InConstructor(Type type)
    {
        var constructors = type.GetConstructors();
        var chosen = constructors.FirstOrDefault(c => c.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute)))
            ?? constructors.FirstOrDefault();
        return chosen is null ? null : InParameters(type, chosen, []);
    }

    /// <summary>The same for a registered service.</summary>
    public string? InService(Type type) => InService(type, key: null, []);

    private string? InParameters(Type type, ConstructorInfo constructor, HashSet<Type> above)
    {
        foreach (var parameter in constructor.GetParameters())
        {
            if (parameter.HasDefaultValue || parameter.IsDefined(typeof(ServiceKeyAttribute)))
                continue;
            var key = parameter.GetCustomAttribute<FromKeyedServicesAttribute>()?.Key;
            if (InService(parameter.ParameterType, key, above) is { } missing)
                return $"{type} needs {missing}";
        }

        return null;
    }

    private string? InService(Type type, object? key, HashSet<Type> above)
    {
        if (!Has(type, key))
            return $"{type}{(key is null ? "" : $" with the key '{key}'")}, which nothing registers";
        // A circle is the container's to report.
        if (key is not null || Implementation(type) is not { } implementation || !above.Add(implementation))
            return null;
        try
        {
            string? first = null;
            foreach (var constructor in implementation.GetConstructors().OrderByDescending(c => c.GetParameters().Length))
            {
                // The container takes the longest one that it can fill.
                if (InParameters(implementation, constructor, above) is not { } missing)
                    return null;
                first ??= missing;
            }

            return first;
        }
        finally
        {
            above.Remove(implementation);
        }
    }

    private bool Has(Type type, object? key) => _has switch
    {
        null => true,
        IServiceProviderIsKeyedService keyed when key is not null => keyed.IsKeyedService(type, key),
        _ => _has.IsService(type),
    };

    /// <summary>The class that the container makes for a service; null when it does not make it from a class.</summary>
    private Type? Implementation(Type type)
    {
        if (_has is null)
            return null;
        if (registered.Find(type) is { } exact)
            return exact.ImplementationType;
        if (!type.IsConstructedGenericType || registered.Find(type.GetGenericTypeDefinition())?.ImplementationType is not { } open)
            return null;
        try
        {
            return open.MakeGenericType(type.GenericTypeArguments);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>The registrations of the process.</summary>
public sealed class RegisteredServices(IServiceCollection services)
{
    /// <summary>The last registration of a type, which is the one that counts; null when there is none.</summary>
    public ServiceDescriptor? Find(Type type) => services.LastOrDefault(s => s.ServiceType == type && !s.IsKeyedService);
}
