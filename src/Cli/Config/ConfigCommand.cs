using System.CommandLine;
using System.Text.Json.Nodes;
using Fleet.Cli.Printing;
using Fleet.Core.Text;

namespace Fleet.Cli.Config;

/// <summary><c>fleet config</c>: the profiles, one for each server that a person works with.</summary>
public static class ConfigCommand
{
    private static readonly Listing<Entry> Listing = new(entry => entry.Name)
    {
        { "NAME", entry => entry.Name, ColumnKind.Id },
        { "CURRENT", entry => entry.IsCurrent ? "yes" : "" },
        { "SERVER", entry => Secrets.HideInUri(entry.Profile.Server ?? CommandContext.DefaultServer), ColumnKind.Id },
        { "KEY", entry => KeyOf(entry.Profile) },
        { "OUTPUT", entry => entry.Profile.Output, ColumnKind.Text, true },
    };

    private static readonly Listing<(string Name, Setting Setting)> Values = new(value => value.Name)
    {
        { "SETTING", value => value.Name, ColumnKind.Id },
        { "VALUE", value => value.Setting.Value, ColumnKind.Id },
        { "FROM", value => value.Setting.From, ColumnKind.Id },
    };

    private static readonly Argument<string> Name = new("NAME") { Description = "The name of the profile." };

    private static readonly Option<string> KeyCommand = new("--key-command")
    {
        Description = "A command that prints the API key, such as 'pass show fleet'. It is called for each command.",
        HelpName = "COMMAND",
    };

    private static readonly Option<string> DefaultOutput = new Option<string>("--default-output")
    {
        Description = "The format of the output when -o is not given.",
        HelpName = "FORMAT",
    }.AcceptOnlyFromAmong(CommandContext.Formats);

    public static Command Command(CommandContext cli) => new("config", "Profiles: servers and keys under a name.")
    {
        List(cli), Get(cli), Set(cli), Use(cli), Delete(cli), View(cli),
    };

    private static Command List(CommandContext cli)
    {
        var command = new Command("list", "List the profiles.") { cli.ColumnsOption };
        command.SetAction(parsed =>
        {
            var profiles = cli.Profiles.Read();
            List<Entry> entries = [.. profiles.ByName.Select(p => new Entry(p.Key, p.Key == profiles.Current, p.Value))];
            cli.Output(parsed, Listing).Print(
                new JsonArray([.. entries.Select(ToJson)]).ToElement(), entries,
                "No profiles; 'fleet config set NAME --server URL' makes one.");
        });
        return command;
    }

    private static Command Get(CommandContext cli)
    {
        var command = new Command("get", "Show a profile, without its key.") { Name };
        command.SetAction(parsed =>
        {
            var (profiles, name) = (cli.Profiles.Read(), parsed.GetRequiredValue(Name));
            var entry = new Entry(name, name == profiles.Current, Find(profiles, name, cli));
            var output = cli.Output(parsed);
            output.Answer(ToJson(entry).ToElement(), name, () =>
            {
                var facts = new Facts();
                facts.Add("name", name);
                facts.Add("current", entry.IsCurrent ? "yes" : "no");
                facts.Add("server", Secrets.HideInUri(entry.Profile.Server ?? CommandContext.DefaultServer));
                facts.Add("key", KeyOf(entry.Profile));
                facts.Add("output", entry.Profile.Output);
                output.Facts(facts);
            });
        });
        return command;
    }

    private static Command Set(CommandContext cli)
    {
        var command = new Command("set", "Make or change a profile: --server, --key-file or --key-command, --default-output.")
        {
            Name, KeyCommand, DefaultOutput,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var (profiles, name) = (cli.Profiles.Read(), parsed.GetRequiredValue(Name));
            if (!Names.IsName(name))
                throw new UsageException($"NAME: '{name}' is not allowed; allowed is {Names.Allowed}.");
            var profile = profiles.ByName.GetValueOrDefault(name) ?? new Profile();
            if (parsed.GetValue(cli.ServerOption) is { } server)
                profile = profile with { Server = Settings.ParseServer(new Setting(server, cli.ServerOption.Name)).OriginalString };
            var (file, keyCommand) = (parsed.GetValue(cli.KeyFileOption), parsed.GetValue(KeyCommand));
            if (file is not null && keyCommand is not null)
                throw new UsageException("--key-command: give either --key-file or --key-command, not both.");
            if (file is not null)
                profile = profile with { Key = await ApiKeys.ReadFileAsync(file, ct), KeyCommand = null };
            if (keyCommand is not null)
                profile = profile with { Key = null, KeyCommand = keyCommand };
            profile = profile with { Output = parsed.GetValue(DefaultOutput) ?? profile.Output };

            profiles.ByName[name] = profile;
            // The first one is the one that is meant.
            var current = profiles.Current ?? name;
            cli.Profiles.Write(profiles with { Current = current });
            cli.Output(parsed).Answer(
                ToJson(new Entry(name, name == current, profile)).ToElement(), name, $"{name} set");
        });
        return command;
    }

    private static Command Use(CommandContext cli)
    {
        var command = new Command("use", "Make a profile the current one.") { Name };
        command.SetAction(parsed =>
        {
            var (profiles, name) = (cli.Profiles.Read(), parsed.GetRequiredValue(Name));
            var profile = Find(profiles, name, cli);
            cli.Profiles.Write(profiles with { Current = name });
            cli.Output(parsed).Answer(
                ToJson(new Entry(name, IsCurrent: true, profile)).ToElement(), name, $"{name} is current");
        });
        return command;
    }

    private static Command Delete(CommandContext cli)
    {
        var command = new Command("delete", "Delete a profile with its key.") { Name, cli.Confirm.YesOption };
        command.SetAction(parsed =>
        {
            var (profiles, name) = (cli.Profiles.Read(), parsed.GetRequiredValue(Name));
            var profile = Find(profiles, name, cli);
            cli.Confirm.Ask(parsed, $"Delete profile {name}, with its key");
            profiles.ByName.Remove(name);
            cli.Profiles.Write(profiles with { Current = profiles.Current == name ? null : profiles.Current });
            cli.Output(parsed).Answer(
                ToJson(new Entry(name, IsCurrent: false, profile)).ToElement(), name, $"{name} deleted");
        });
        return command;
    }

    private static Command View(CommandContext cli)
    {
        var command = new Command("view", "Show the settings of a command, and where each comes from.") { cli.ColumnsOption };
        command.SetAction(parsed =>
        {
            var settings = new Settings(cli, parsed);
            (string Name, Setting Setting)[] values =
            [
                ("file", new Setting(cli.Profiles.Path, cli.Read("FLEET_CONFIG") is null ? "default" : "FLEET_CONFIG")),
                ("profile", settings.ProfileName),
                ("server", settings.Server with { Value = Secrets.HideInUri(settings.Server.Value) }),
                ("output", settings.Output),
                ("key", settings.KeySource),
            ];
            cli.Output(parsed, Values).Print(
                new JsonArray([.. values.Select(v => new JsonObject
                {
                    ["setting"] = v.Name,
                    ["value"] = v.Setting.Value,
                    ["from"] = v.Setting.From,
                })]).ToElement(),
                values, "");
        });
        return command;
    }

    private static Profile Find(Profiles profiles, string name, CommandContext cli) =>
        profiles.ByName.GetValueOrDefault(name) ?? throw new CommandFailedException(
            $"There is no profile '{name}' in {cli.Profiles.Path}.", ExitCode.NotFound);

    private static string KeyOf(Profile profile) => profile switch
    {
        { KeyCommand: not null } => "command",
        { Key: not null } => "stored",
        _ => "none",
    };

    private static JsonObject ToJson(Entry entry) => new()
    {
        ["name"] = entry.Name,
        ["current"] = entry.IsCurrent,
        ["server"] = Secrets.HideInUri(entry.Profile.Server ?? CommandContext.DefaultServer),
        ["key"] = KeyOf(entry.Profile),
        ["keyCommand"] = entry.Profile.KeyCommand,
        ["output"] = entry.Profile.Output,
    };

    private sealed record Entry(string Name, bool IsCurrent, Profile Profile);
}
