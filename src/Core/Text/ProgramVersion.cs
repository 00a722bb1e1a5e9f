using System.Reflection;

namespace Fleet.Core.Text;

/// <summary>The version that an assembly was built with.</summary>
public static class ProgramVersion
{
    /// <summary>Version and commit; the commit is null when the build did not know it.</summary>
    public static (string Version, string? Commit) Of(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+', 2) switch
        {
            [var version, var commit] => (version, commit),
            [var version] => (version, null),
            _ => (assembly.GetName().Version?.ToString() ?? "unknown", null),
        };
}
