using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Access;

/// <summary><c>fleet audit</c>: who changed what.</summary>
public static class AuditCommand
{
    private const int MaxLimit = 500;

    private static readonly Listing<AuditView> Listing = new(entry => entry.Id.ToString(CultureInfo.InvariantCulture))
    {
        { "AT", entry => entry.At },
        { "BY", entry => entry.By.ToString() },
        { "WAY", entry => entry.Way },
        { "ACTION", entry => entry.Action },
        { "TARGET", entry => entry.Target, ColumnKind.Id },
        { "REASON", entry => entry.Reason },
        { "FOR", entry => entry.OnBehalfOf, ColumnKind.Text, true },
        { "KEY", entry => entry.KeyId, ColumnKind.Text, true },
        { "SUBJECT", entry => entry.Subject, ColumnKind.Text, true },
        { "BEFORE", entry => entry.Before?.ToString(), ColumnKind.Text, true },
        { "AFTER", entry => entry.After?.ToString(), ColumnKind.Text, true },
    };

    public static Command Command(CommandContext cli)
    {
        var action = new Option<string>("--action") { Description = "The action, or its beginning, such as lane.", HelpName = "TEXT" };
        var target = new Option<string>("--target") { Description = "The id or name of what was changed.", HelpName = "ID" };
        var since = new Option<string>("--since") { Description = "Not before this instant, ISO 8601 with offset.", HelpName = "INSTANT" };
        var until = new Option<string>("--until") { Description = "Before this instant, ISO 8601 with offset.", HelpName = "INSTANT" };
        var limit = NumberOption.Make("--limit", 1, MaxLimit, "How many entries at most, the newest first. Default: 50.", "N");
        var all = new Option<bool>("--all") { Description = "All entries, however many they are." };
        var command = new Command("audit", "Show who changed what, the newest change first.")
        {
            action, target, since, until, limit, all, cli.ColumnsOption,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) && result.GetResult(limit) is not null)
                result.AddError("--limit and --all do not go together.");
        });
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var query = new[]
            {
                ("action", parsed.GetValue(action)), ("target", parsed.GetValue(target)), ("since", parsed.GetValue(since)),
                ("until", parsed.GetValue(until)),
                ("limit", (parsed.GetValue(all) ? MaxLimit : parsed.GetValue(limit))?.ToString(CultureInfo.InvariantCulture)),
            };
            var given = query.Where(q => q.Item2 is not null).Select(q => $"{q.Item1}={Uri.EscapeDataString(q.Item2!)}");
            var path = "audit?" + string.Join('&', given);
            var page = await api.GetAsync(path, ct);
            var read = api.Read(page, ApiJson.Default.AuditEntries);
            var (json, items) = (api.Items(page).EnumerateArray().ToList(), read.Items.ToList());
            while (parsed.GetValue(all) && read.Next is { } next)
            {
                page = await api.GetAsync($"{path}&cursor={Uri.EscapeDataString(next)}", ct);
                read = api.Read(page, ApiJson.Default.AuditEntries);
                json.AddRange(api.Items(page).EnumerateArray());
                items.AddRange(read.Items);
            }

            output.Print(JsonSerializer.SerializeToElement(json, ApiJson.Default.IEnumerableJsonElement), items, "No changes.");
        });
        return command;
    }
}
