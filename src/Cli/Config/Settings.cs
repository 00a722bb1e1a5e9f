using System.CommandLine;
using Fleet.Core.Text;

namespace Fleet.Cli.Config;

/// <summary>A setting with where its value comes from.</summary>
/// <param name="Value">Null when it is not set.</param>
/// <param name="From">An option, an environment variable, a profile, or <c>default</c>.</param>
public readonly record struct Setting(string? Value, string From);

/// <summary>The settings of a command line. An option wins over an environment variable, that over the profile, and that over the
/// default.</summary>
public sealed class Settings
{
    private readonly CommandContext _cli;
    private readonly ParseResult _parsed;

    /// <param name="cli">The options and the environment.</param>
    /// <param name="parsed">The command line.</param>
    /// <exception cref="UsageException">The profile does not exist, or the file of the profiles is broken.</exception>
    public Settings(CommandContext cli, ParseResult parsed)
    {
        (_cli, _parsed) = (cli, parsed);
        var profiles = cli.Profiles.Read();
        var name = Choose(cli.ProfileOption, "FLEET_PROFILE", profiles.Current is { } current
            ? new Setting(current, cli.Profiles.Path)
            : new Setting(null, "default"));
        ProfileName = name;
        if (name.Value is { } wanted)
        {
            Profile = profiles.ByName.GetValueOrDefault(wanted) ?? throw new UsageException(
                $"{name.From}: there is no profile '{wanted}' in {cli.Profiles.Path}; "
                + (profiles.ByName.Count == 0 ? "it has none." : $"it has {string.Join(", ", profiles.ByName.Keys)}."));
        }

        Server = Choose(cli.ServerOption, "FLEET_SERVER", FromProfile(Profile?.Server, CommandContext.DefaultServer));
    }

    /// <summary>The name of the profile.</summary>
    public Setting ProfileName { get; }

    /// <summary>The profile; null for none.</summary>
    public Profile? Profile { get; }

    /// <summary>The server's URL, not checked yet.</summary>
    public Setting Server { get; }

    /// <summary>The format of the output; null: it depends on where the output goes.</summary>
    public Setting Output => ReadOutput(_cli, _parsed);

    /// <summary>Where the API key comes from, without reading a file or calling a command: the value is a placeholder.</summary>
    public Setting KeySource => _parsed.GetValue(_cli.KeyFileOption) is { } file ? new("***", $"{_cli.KeyFileOption.Name} {file}")
        : _cli.Read("FLEET_API_KEY") is not null ? new("***", "FLEET_API_KEY")
        : _cli.Read("FLEET_TOKEN") is not null ? new("***", "FLEET_TOKEN")
        : !HasServerOfProfile ? new(null, "default")
        : Profile switch
        {
            { KeyCommand: not null } => new("***", $"{Place}, key command"),
            { Key: not null } => new("***", Place),
            _ => new(null, "default"),
        };

    /// <summary>The server's URL.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public Uri ServerUri => ParseServer(Server);

    /// <summary>Reads the URL of a server.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static Uri ParseServer(Setting server) =>
        Uri.TryCreate(server.Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new UsageException(
                $"{server.From}: '{Secrets.HideInUri(server.Value)}' is not a URL; allowed is http://host:port or https://host:port.");

    /// <summary>The format of the output. A profile that does not exist is an error of the commands that need it only.</summary>
    public static Setting ReadOutput(CommandContext cli, ParseResult parsed)
    {
        if (parsed.GetValue(cli.OutputOption) is { } given)
            return new Setting(given, cli.OutputOption.Name);
        if (cli.Read("FLEET_OUTPUT") is { } variable)
            return new Setting(variable, "FLEET_OUTPUT");
        var profiles = cli.Profiles.Read();
        var name = parsed.GetValue(cli.ProfileOption) ?? cli.Read("FLEET_PROFILE") ?? profiles.Current;
        return name is not null && profiles.ByName.GetValueOrDefault(name)?.Output is { } output
            ? new Setting(output, $"profile {name}")
            : new Setting(null, "default");
    }

    /// <summary>The API key, or the token of an OIDC provider; null for none. The key of a profile is sent to the server of
    /// the profile, and to no other.</summary>
    /// <exception cref="CommandFailedException">It cannot be had.</exception>
    public async Task<string?> ReadKeyAsync(CancellationToken ct)
    {
        if (_parsed.GetValue(_cli.KeyFileOption) is { } file)
            return await ApiKeys.ReadFileAsync(file, ct);
        if (_cli.Read("FLEET_API_KEY") is { } variable)
            return ApiKeys.Check(variable, "FLEET_API_KEY");
        if (_cli.Read("FLEET_TOKEN") is { } token)
            return ApiKeys.Check(token, "FLEET_TOKEN");
        if (!HasServerOfProfile)
            return null;
        return Profile switch
        {
            { KeyCommand: { } command } => await ApiKeys.AskCommandAsync(command, ct),
            { Key: { } key } => ApiKeys.Check(key, Place),
            _ => null,
        };
    }

    private bool HasServerOfProfile => Profile is not null && Server.From == Place;

    private string Place => $"profile {ProfileName.Value}";

    private Setting FromProfile(string? value, string? otherwise) => value is not null ? new(value, Place) : new(otherwise, "default");

    private Setting Choose(Option<string> option, string variable, Setting otherwise) =>
        _parsed.GetValue(option) is { } given ? new(given, option.Name)
        : _cli.Read(variable) is { } value ? new(value, variable)
        : otherwise;
}
