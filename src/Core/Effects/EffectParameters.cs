using System.Collections.Concurrent;
using System.Reflection;

namespace Fleet.Core.Effects;

/// <summary>The names and values that a handler gave with a statement: the public properties of an object, or the entries of a
/// dictionary.</summary>
internal sealed class EffectParameters
{
    private static readonly ConcurrentDictionary<Type, Property[]> Shapes = new();

    private readonly object? _source;
    private readonly Property[]? _properties;
    private readonly Dictionary<string, object?>? _entries;

    private EffectParameters(object? source, Property[]? properties, Dictionary<string, object?>? entries) =>
        (_source, _properties, _entries) = (source, properties, entries);

    /// <summary>The type of the object, whose property names are always the same. Null for a dictionary, whose names may differ each
    /// time.</summary>
    public Type? Shape => _entries is null ? _source?.GetType() ?? typeof(void) : null;

    public IEnumerable<string> Names => _entries?.Keys ?? _properties?.Select(p => p.Name) ?? [];

    public int Count => _entries?.Count ?? _properties?.Length ?? 0;

    /// <exception cref="FormatException">The object has no names; the message says why.</exception>
    public static EffectParameters Of(object? parameters) => parameters switch
    {
        null => new EffectParameters(null, null, null),
        IEnumerable<KeyValuePair<string, object?>> entries => OfEntries(entries),
        _ => new EffectParameters(parameters, Shapes.GetOrAdd(parameters.GetType(), ReadShape), null),
    };

    public bool Has(string name) =>
        _entries?.ContainsKey(name) ?? (_properties is not null && Array.Exists(_properties, p => p.IsNamed(name)));

    /// <exception cref="FormatException">The value is not allowed; the message says why.</exception>
    public EffectValue Read(string name)
    {
        if (_entries is not null)
            return EffectValues.Of(name, _entries[name], declared: null);
        var property = Array.Find(_properties!, p => p.IsNamed(name))!;
        return EffectValues.Of(name, property.Read(_source!), property.Type);
    }

    private static EffectParameters OfEntries(IEnumerable<KeyValuePair<string, object?>> entries)
    {
        var named = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in entries)
        {
            if (!named.TryAdd(key.TrimStart('@'), value))
                throw new FormatException($"has two values for @{key.TrimStart('@')}: upper and lower case do not matter");
        }

        return new EffectParameters(null, null, named);
    }

    private static Property[] ReadShape(Type type)
    {
        if (EffectValues.IsAllowed(type))
            throw new FormatException($"has one value of type {type} without a name. Give parameters as new {{ name = value }}");
        Property[] properties = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.CanRead && p.GetIndexParameters().Length == 0)
            // The property hides one of a base class.
            .DistinctBy(p => p.Name, StringComparer.Ordinal)
            .Select(p => new Property(p))];
        if (properties.Length == 0)
            throw new FormatException(
                $"has parameters of type {type}, which has no public properties. Give them as new {{ name = value }} or as a dictionary");
        return properties.GroupBy(p => p.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Skip(1).Any()) is { } twice
            ? throw new FormatException($"has two values for @{twice.Key}: upper and lower case do not matter")
            : properties;
    }

    private sealed class Property(PropertyInfo property)
    {
        public string Name { get; } = property.Name;

        public Type Type { get; } = property.PropertyType;

        public bool IsNamed(string name) => string.Equals(Name, name, StringComparison.OrdinalIgnoreCase);

        public object? Read(object source)
        {
            try
            {
                return property.GetValue(source);
            }
            catch (TargetInvocationException e) when (e.InnerException is { } inner)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(inner);
                throw;
            }
        }
    }
}
