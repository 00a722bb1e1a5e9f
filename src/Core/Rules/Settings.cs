using System.ComponentModel;
using Fleet.Core.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet.Core.Rules;

/// <summary>Reads sections of the configuration strictly: a setting that nobody knows, and a value that is none of its
/// kind, stop the start with the setting's name, the value and what is allowed.</summary>
public static class Settings
{
    private static readonly Dictionary<Type, string> Words = new()
    {
        [typeof(TimeSpan)] = "a duration: " + Durations.Allowed,
        [typeof(int)] = "a whole number",
        [typeof(double)] = "a number such as 0.5",
        [typeof(bool)] = "true or false",
        [typeof(DateTimeOffset)] = "an instant, such as 2026-01-31T12:00:00Z",
    };

    /// <summary>Binds a section to options. Names and kinds of its settings are checked now; values are checked when the process starts,
    /// because code may set them too, and at every reload.</summary>
    /// <param name="services">The services of the process.</param>
    /// <param name="section">The section.</param>
    /// <param name="check">What is wrong with the values; its lines name the setting, the value and the range.</param>
    /// <param name="alsoKnown">Settings of the section that others read.</param>
    /// <exception cref="OptionsValidationException">Something is wrong.</exception>
    public static OptionsBuilder<T> AddSettings<T>(
        this IServiceCollection services, IConfigurationSection section, Func<T, IEnumerable<string>> check,
        params string[] alsoKnown) where T : class, new() =>
        services.AddBound<T>(section, alsoKnown).ValidateWith(check);

    /// <inheritdoc cref="AddSettings{T}(IServiceCollection, IConfigurationSection, Func{T, IEnumerable{string}}, string[])"/>
    public static OptionsBuilder<T> AddSettings<T>(
        this IServiceCollection services, IConfigurationSection section, IValidateOptions<T> check,
        params string[] alsoKnown) where T : class, new()
    {
        services.AddSingleton(check);
        return services.AddBound<T>(section, alsoKnown).ValidateFirst();
    }

    /// <summary>What cannot be bound: unknown settings and values of another kind.</summary>
    public static IEnumerable<string> Check(IConfiguration section, Type type, params string[] alsoKnown)
    {
        var properties = type.GetProperties().Where(p => p.SetMethod is { IsPublic: true }).ToArray();
        foreach (var setting in section.GetChildren().Where(s => !alsoKnown.Contains(s.Key, StringComparer.OrdinalIgnoreCase)))
        {
            var property = properties.FirstOrDefault(p => p.Name.Equals(setting.Key, StringComparison.OrdinalIgnoreCase));
            foreach (var problem in property is null ? [Unknown(setting, properties.Select(p => p.Name).Concat(alsoKnown))] : CheckValue(
                setting, property.PropertyType))
                yield return problem;
        }
    }

    /// <summary>The refusal of a setting that is not one of the known.</summary>
    public static string Unknown(IConfigurationSection setting, IEnumerable<string> known)
    {
        var names = known.Order(StringComparer.Ordinal).ToArray();
        return $"{setting.Path} is not a known setting; {Nearest.Hint(setting.Key, names)}";
    }

    private static OptionsBuilder<T> AddBound<T>(this IServiceCollection services, IConfigurationSection section, string[] alsoKnown)
        where T : class
    {
        Require<T>([.. Check(section, typeof(T), alsoKnown)]);
        return services.AddOptions<T>().Bind(new SettingsSection(section, typeof(T)));
    }

    private static void Require<T>(List<string> problems)
    {
        if (problems.Count > 0)
            throw new OptionsValidationException(typeof(T).Name, typeof(T), problems);
    }

    private static IEnumerable<string> CheckValue(IConfigurationSection setting, Type declared)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>))
            return setting.GetChildren().SelectMany(entry => CheckValue(entry, type.GetGenericArguments()[1]));
        if (type != typeof(string) && type.IsClass)
            return Check(setting, type);
        // An empty text is "nothing", where nothing is allowed.
        var isNothing = string.IsNullOrEmpty(setting.Value) && (type != declared || type == typeof(string));
        return isNothing || IsOfType(setting.Value, type)
            ? []
            : [$"{setting.Path}: '{setting.Value}' is not allowed; allowed is "
                + $"{(type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type)) : Words[type])}."];
    }

    private static bool IsOfType(string? value, Type type)
    {
        if (value is null)
            return false;
        if (type == typeof(string))
            return true;
        // Not what .NET reads: to it, 60 is sixty days.
        if (type == typeof(TimeSpan))
            return Durations.TryParse(value, out _);
        try
        {
            return !(type.IsEnum && int.TryParse(value, out _))
                && TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value) is not null;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or NotSupportedException)
        {
            return false;
        }
    }
}
