using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Db;
using Fleet.Cli.Printing;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Text;

namespace Fleet.Cli.Access;

/// <summary><c>fleet key create|list|get|rotate|revoke|generate</c>: API keys.</summary>
public static class KeyCommands
{
    private static readonly Listing<KeyView> Listing = new(key => key.Id)
    {
        { "ID", key => key.Id, ColumnKind.Id },
        { "NAME", key => key.Name },
        { "ROLE", key => key.Role },
        { "LANES", key => key.Lanes is { } lanes ? string.Join(',', lanes) : "all" },
        { "STATE", key => key.State },
        { "EXPIRES", key => key.ExpiresAt },
        { "USED", key => key.LastUsedAt },
        { "CREATED", key => key.CreatedAt, true },
        { "BY", key => key.CreatedBy?.ToString(), ColumnKind.Text, true },
    };

    /// <summary>All commands.</summary>
    public static IEnumerable<Command> Commands(CommandContext cli) =>
        [Create(cli), List(cli), Get(cli), Rotate(cli), Revoke(cli), Generate(cli)];

    private static string Path(string id) => $"keys/{Uri.EscapeDataString(id)}";

    private static Argument<string> IdArgument() => new("ID") { Description = "The key's id: the 8 characters after flt_." };

    private static Option<string> ExpiresOption(string byDefault) => new("--expires")
    {
        Description = $"How long it is valid, such as 30d. Default: {byDefault}.",
        HelpName = "DURATION",
    };

    private static Command Create(CommandContext cli)
    {
        var name = new Argument<string>("NAME") { Description = "What the key is for. Changes that are made with it have this name." };
        var role = new Option<string>("--role")
        {
            Description = "What it may do.",
            HelpName = string.Join('|', Enum.GetValues<Role>().Select(r => r.ToWord())),
            Required = true,
        };
        var lanes = new Option<string[]>("--lane")
        {
            Description = "A lane that it is bound to; may be repeated. Default: all.",
            HelpName = "NAME",
        };
        var expires = ExpiresOption("90d");
        var database = new Option<bool>("--database")
        {
            Description = "Store it in the database itself, as 'fleet db' does: for the first key, when nobody can ask the server yet.",
        };
        var command = new Command("create", "Make an API key and print it, this once.")
        {
            name, role, lanes, expires, database, DbCommand.Provider, DbCommand.Connection, DbCommand.Schema, cli.DryRunOption,
        };
        command.SetAction((parsed, ct) =>
        {
            var wanted = parsed.GetValue(lanes) is { Length: > 0 } named ? named : null;
            var body = new CreateKeyBody
            {
                Name = parsed.GetRequiredValue(name),
                Role = parsed.GetRequiredValue(role),
                Lanes = wanted,
                ExpiresIn = parsed.GetValue(expires),
            };
            return parsed.GetValue(database) || (parsed.GetValue(DbCommand.Connection) ?? parsed.GetValue(DbCommand.Provider)) is not null
                ? CreateInDatabaseAsync(cli, parsed, body, ct)
                : CreateByServerAsync(cli, parsed, body, ct);
        });
        return command;
    }

    private static async Task<int> CreateByServerAsync(CommandContext cli, ParseResult parsed, CreateKeyBody body, CancellationToken ct)
    {
        using var api = cli.Connect(parsed);
        var answer = await api.PostAsync(
            "keys" + cli.DryRunQuery(parsed), JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Default.CreateKeyBody), ct);
        Print(cli.Output(parsed), answer, api.Read(answer, ApiJson.Default.CreatedKeyView));
        return (int)ExitCode.Ok;
    }

    private static Task<int> CreateInDatabaseAsync(CommandContext cli, ParseResult parsed, CreateKeyBody body, CancellationToken ct)
    {
        // Before the key is stored: a format that cannot be printed is refused.
        var output = cli.Output(parsed);
        TimeSpan? life = null;
        if (body.ExpiresIn is { } text)
        {
            life = Durations.TryParse(text, out var value)
                ? value
                : throw new UsageException($"--expires: '{text}' is not allowed; allowed is a duration such as {Durations.Allowed}.");
        }

        return DbCommand.UseAsync(
            parsed,
            async (storage, token) =>
            {
                try
                {
                    var isDryRun = parsed.GetValue(cli.DryRunOption);
                    var created = await new CreateKeys(storage, cli.Time).ExecuteAsync(
                        new KeyRequest(body.Name, body.Role, body.Lanes, life), ThisProcess.User, isDryRun, token);
                    var view = new CreatedKeyView
                    {
                        Text = isDryRun ? null : created.Text.Text,
                        Key = new()
                        {
                            Id = created.Key.Id,
                            Name = created.Key.Name,
                            Role = created.Key.Role,
                            Lanes = body.Lanes,
                            State = "valid",
                            CreatedAt = created.Key.CreatedAt,
                            ExpiresAt = created.Key.ExpiresAt,
                        },
                    };
                    Print(output, JsonSerializer.SerializeToElement(view, ApiJson.Default.CreatedKeyView), view);
                    return ExitCode.Ok;
                }
                catch (InvalidRunException e)
                {
                    throw new UsageException(e.Message);
                }
            },
            ct);
    }

    /// <summary>The text of the key alone is on stdout, so that a script can keep it.</summary>
    private static void Print(Output output, JsonElement answer, CreatedKeyView created)
    {
        var key = created.Key;
        output.Answer(answer, created.Text ?? key.Id, () =>
        {
            if (created.Text is { } text)
            {
                output.Line(text);
                Output.Remark(
                    $"Key {key.Id} ({key.Name}, {key.Role}) is valid until {Times.Instant(key.ExpiresAt)}. It is not shown again: keep it "
                        + "where secrets are kept.");
            }
            else
            {
                output.Line($"Key {key.Name} ({key.Role}) would be valid until {Times.Instant(key.ExpiresAt)}.");
            }
        });
    }

    private static Command List(CommandContext cli)
    {
        var command = new Command("list", "List the API keys, also those that have ended.") { cli.ColumnsOption };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync("keys", ct);
            output.Print(api.Items(page), api.Read(page, ApiJson.Default.Keys).Items, "No keys.");
        });
        return command;
    }

    private static Command Get(CommandContext cli)
    {
        var id = IdArgument();
        var command = new Command("get", "Show an API key, without its secret.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var answer = await api.GetAsync(Path(parsed.GetRequiredValue(id)), ct);
            var output = cli.Output(parsed);
            output.Answer(answer, parsed.GetRequiredValue(id), () => Show(api.Read(answer, ApiJson.Default.KeyView), output));
        });
        return command;
    }

    private static void Show(KeyView key, Output output)
    {
        var facts = new Facts();
        facts.Add("id", key.Id);
        facts.Add("name", key.Name);
        facts.Add("role", key.Role);
        facts.Add("lanes", key.Lanes is { } lanes ? string.Join(',', lanes) : "all");
        facts.Add("state", key.State);
        facts.Add("created", $"{Times.Instant(key.CreatedAt)} by {key.CreatedBy}");
        facts.Add("expires", Times.Instant(key.ExpiresAt));
        facts.Add("used", key.LastUsedAt is { } used ? Times.Instant(used) : "never");
        facts.Add("revoked", key.RevokedAt is { } revoked ? $"{Times.Instant(revoked)} by {key.RevokedBy}" : null);
        facts.Add("rotated from", key.RotatedFrom);
        output.Facts(facts);
    }

    private static Command Rotate(CommandContext cli)
    {
        var id = IdArgument();
        var overlap = new Option<string>("--overlap")
        {
            Description = "How long the old key stays valid, such as 1h. Default: 1d.",
            HelpName = "DURATION",
        };
        var expires = ExpiresOption("as long as the old key was");
        var command = new Command("rotate", "Make a key in the place of another, and end that one after a while.")
        {
            id, overlap, expires, cli.DryRunOption,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var body = new RotateKeyBody { Overlap = parsed.GetValue(overlap), ExpiresIn = parsed.GetValue(expires) };
            var answer = await api.PostAsync(
                Path(parsed.GetRequiredValue(id)) + "/rotate" + cli.DryRunQuery(parsed),
                JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Default.RotateKeyBody), ct);
            Print(cli.Output(parsed), answer, api.Read(answer, ApiJson.Default.CreatedKeyView));
        });
        return command;
    }

    private static Command Revoke(CommandContext cli)
    {
        var id = IdArgument();
        var reason = PauseOptions.Reason("audit");
        var command = new Command("revoke", "End an API key at once, and the sessions that it has opened.")
        {
            id, reason, cli.Confirm.YesOption,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var key = parsed.GetRequiredValue(id);
            cli.Confirm.Ask(parsed, $"Revoke key {key}, with the sessions that it has opened");
            var answer = await api.PostAsync(Path(key) + "/revoke", PauseOptions.Body(parsed.GetValue(reason), until: null), ct);
            cli.Output(parsed).Answer(answer, key, $"{key} {api.Read(answer, ApiJson.Default.KeyView).State}");
        });
        return command;
    }

    private static Command Generate(CommandContext cli)
    {
        var command = new Command(
            "generate", $"Print a new key and store it nowhere: for {ImportAdminKey.Variable}, which 'fleet db migrate' stores.");
        command.SetAction(parsed =>
        {
            var text = KeyText.New();
            var json = JsonSerializer.SerializeToElement(
                new CreatedKeyView { Text = text.Text, Key = new() { Id = text.Id } }, ApiJson.Default.CreatedKeyView);
            cli.Output(parsed).Answer(json, text.Text, text.Text);
        });
        return command;
    }
}
