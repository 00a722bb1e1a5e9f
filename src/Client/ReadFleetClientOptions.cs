using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet.Client;

/// <summary>Reads the section <c>Fleet:Client</c> strictly: a setting that nobody knows, or a value that is none of its kind, is refused
/// with its name and what is allowed.</summary>
internal sealed class ReadFleetClientOptions(IServiceProvider services) : IConfigureOptions<FleetClientOptions>
{
    private static readonly string[] Known =
    [
        nameof(FleetClientOptions.Retries), nameof(FleetClientOptions.Server), nameof(FleetClientOptions.Timeout),
        nameof(FleetClientOptions.User),
    ];

    /// <exception cref="OptionsValidationException">Something is not allowed.</exception>
    public void Configure(FleetClientOptions options)
    {
        // A program without a host may have no configuration.
        var section = services.GetService<IConfiguration>()?.GetSection(FleetClientOptions.Section);
        string[] problems = [.. (section?.GetChildren() ?? []).Select(setting => Read(setting, options)).OfType<string>()];
        if (problems.Length > 0)
            throw new FleetClientOptionsException(problems);
    }

    private static string? Read(IConfigurationSection setting, FleetClientOptions options)
    {
        var value = setting.Value ?? "";
        switch (Array.Find(Known, name => name.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)))
        {
            case nameof(options.Server):
                options.Server = Uri.TryCreate(value, UriKind.RelativeOrAbsolute, out var server) && value.Length > 0 ? server : null;
                return null;
            case nameof(options.User):
                options.User = value.Length == 0 ? null : value;
                return null;
            case nameof(options.Timeout) when DurationText.TryParse(value, out var timeout):
                options.Timeout = timeout;
                return null;
            case nameof(options.Timeout):
                return $"{setting.Path}: '{value}' is not allowed; allowed is a duration: {DurationText.Allowed}.";
            case nameof(options.Retries) when int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var retries):
                options.Retries = retries;
                return null;
            case nameof(options.Retries):
                return $"{setting.Path}: '{value}' is not allowed; allowed is a whole number.";
            default:
                return $"{setting.Path} is not a known setting; " + (NearestName.To(setting.Key, Known) is { } nearest
                    ? $"did you mean '{nearest}'?"
                    : $"allowed are {string.Join(", ", Known)}.");
        }
    }
}
