using System.Reflection;
using Fleet.Core.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Fleet.Core.Rules;

/// <summary>A section of the configuration whose durations may be written as <see cref="Durations"/> reads them: the binder of .NET gets
/// them in its own form.</summary>
/// <param name="inner">The section.</param>
/// <param name="type">The options, or the value, that it is bound to; null when nothing is bound to it.</param>
internal sealed class SettingsSection(IConfigurationSection inner, Type? type) : IConfigurationSection
{
    public string Key => inner.Key;

    public string Path => inner.Path;

    public string? Value
    {
        get => (type == typeof(TimeSpan) || type == typeof(TimeSpan?)) && Durations.TryParse(inner.Value, out var duration)
            ? duration.ToString("c")
            : inner.Value;
        set => inner.Value = value;
    }

    public string? this[string key]
    {
        get => GetSection(key).Value;
        set => inner[key] = value;
    }

    public IConfigurationSection GetSection(string key) => Of(inner.GetSection(key));

    public IEnumerable<IConfigurationSection> GetChildren() => inner.GetChildren().Select(Of);

    public IChangeToken GetReloadToken() => inner.GetReloadToken();

    private SettingsSection Of(IConfigurationSection child)
    {
        var typeOfChild = type is { IsGenericType: true } && type.GetGenericTypeDefinition() == typeof(Dictionary<,>)
            ? type.GetGenericArguments()[1]
            : type?.GetProperty(child.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase)?.PropertyType;
        return new SettingsSection(child, typeOfChild);
    }
}
