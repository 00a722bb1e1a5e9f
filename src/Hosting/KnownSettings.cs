using Fleet.Core.Rules;
using Microsoft.Extensions.Configuration;

namespace Fleet.Hosting;

/// <summary>The settings that every process knows, so that a misspelt one is refused and not ignored.</summary>
internal static class KnownSettings
{
    private static readonly Dictionary<string, string[]> Sections = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Api"] = ["Urls", "Hosts", "PathBase", "Access", "PodStart", "Docs", "Dashboard", "Limits", "Proxies"],
        ["Storage"] = ["Provider", "ConnectionString", "Schema", "MigrateAtStart"],
        ["Transport"] = ["Provider", "Uri", "ManagementUri", "CaFile", "MaxLanes"],
        // Of Fleet.Client, which a program may use beside Fleet.
        ["Client"] = ["Server", "Timeout", "Retries", "User"],
        // These are read strictly by those who own them.
        ["Samples"] = [],
        ["Scheduler"] = [],
        ["Schedules"] = [],
        ["Worker"] = [],
    };

    /// <exception cref="InvalidOperationException">A setting is not known; names it.</exception>
    public static void Check(IConfiguration configuration)
    {
        foreach (var section in configuration.GetSection("Fleet").GetChildren())
        {
            if (!Sections.TryGetValue(section.Key, out var known))
                throw new InvalidOperationException(Settings.Unknown(section, Sections.Keys));
            if (known.Length > 0
                && section.GetChildren().FirstOrDefault(s => !known.Contains(s.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
                throw new InvalidOperationException(Settings.Unknown(unknown, known));
        }
    }
}
