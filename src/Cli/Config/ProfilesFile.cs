using System.Text.Json;
using Fleet.Cli.Printing;

namespace Fleet.Cli.Config;

/// <summary>The file of the profiles: <c>FLEET_CONFIG</c>, else <c>fleet/config.json</c> in the user's folder for settings. It may hold
/// API keys, so that only its owner may read it.</summary>
/// <param name="environment">Reads an environment variable.</param>
public sealed class ProfilesFile(Func<string, string?> environment)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite;

    private Profiles? _read;

    /// <summary>Where it is, or would be.</summary>
    public string Path { get; } = environment("FLEET_CONFIG") is { Length: > 0 } path
        ? path
        : System.IO.Path.Combine(FolderOf(environment), "fleet", "config.json");

    /// <summary>Reads it, once per command. A file that is not there has no profiles.</summary>
    /// <exception cref="UsageException">It is not readable as what this program writes.</exception>
    public Profiles Read() => _read ??= ReadFile();

    private Profiles ReadFile()
    {
        try
        {
            using var file = File.OpenRead(Path);
            var profiles = JsonSerializer.Deserialize(file, ProfilesJson.Default.Profiles) ?? new Profiles();
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(Path) & Others) != UnixFileMode.None
                && profiles.ByName.Values.Any(p => p.Key is not null))
                Output.Remark($"warning: {Path} holds API keys, and others may read it; mend it with: chmod 600 {Path}");
            return profiles;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Profiles();
        }
        catch (JsonException e)
        {
            throw new UsageException($"{Path}: it is not a file of profiles: {e.Message}");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UsageException(e.Message);
        }
    }

    /// <summary>Replaces it at once: a reader sees the old file or the new one.</summary>
    public void Write(Profiles profiles)
    {
        var full = System.IO.Path.GetFullPath(Path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(full)!);
        var draft = $"{full}.{Environment.ProcessId}.new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using (var file = new FileStream(draft, options))
            JsonSerializer.Serialize(file, profiles, ProfilesJson.Default.Profiles);
        File.Move(draft, full, overwrite: true);
        _read = profiles;
    }

    private static string FolderOf(Func<string, string?> environment)
    {
        if (OperatingSystem.IsWindows())
            return Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData);
        // The specification of XDG wants a relative path ignored.
        return environment("XDG_CONFIG_HOME") is { } folder && System.IO.Path.IsPathRooted(folder)
            ? folder
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
    }
}
