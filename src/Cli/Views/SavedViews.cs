using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Cli.Runs;
using Fleet.Client;

namespace Fleet.Cli.Views;

/// <summary><c>fleet view list|get|save|delete</c>: queries for runs under a name.</summary>
public static class SavedViews
{
    private static readonly Listing<SavedViewView> Listing = new(view => view.Name)
    {
        { "NAME", view => view.Name, ColumnKind.Id },
        { "QUERY", view => view.Query },
        { "SHARED", view => view.Shared ? "shared" : "private" },
        { "OWNER", view => view.Owner?.ToString() },
        { "SORT", view => view.Sort, ColumnKind.Text, true },
        { "COLUMNS", view => string.Join(',', view.Columns ?? []), ColumnKind.Text, true },
        { "CHANGED", view => view.ChangedAt, true },
    };

    /// <summary>All commands.</summary>
    public static IEnumerable<Command> Commands(CommandContext cli) => [List(cli), Get(cli), Save(cli), Delete(cli)];

    /// <summary>Where the API keeps a view.</summary>
    internal static string Path(string name) => $"views/{Uri.EscapeDataString(name)}";

    private static Argument<string> NameArgument() => new("NAME") { Description = "The view's name." };

    private static Command List(CommandContext cli)
    {
        var command = new Command("list", "List the shared views and your own.") { cli.ColumnsOption };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync("views", ct);
            output.Print(api.Items(page), api.Read(page, ApiJson.Default.Views).Items, "No views.");
        });
        return command;
    }

    private static Command Get(CommandContext cli)
    {
        var name = NameArgument();
        var command = new Command("get", "Show a view.") { name };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var answer = await api.GetAsync(Path(parsed.GetRequiredValue(name)), ct);
            var output = cli.Output(parsed);
            output.Answer(answer, parsed.GetRequiredValue(name), () => Show(api.Read(answer, ApiJson.Default.SavedViewView), output));
        });
        return command;
    }

    private static void Show(SavedViewView view, Output output)
    {
        var facts = new Facts();
        facts.Add("name", view.Name);
        facts.Add("query", view.Query);
        facts.Add("columns", view.Columns is { } columns ? string.Join(',', columns) : null);
        facts.Add("sort", view.Sort);
        facts.Add("shared", view.Shared ? "yes" : "no");
        facts.Add("owner", view.Owner?.ToString());
        facts.Add("changed", $"{Times.Instant(view.ChangedAt)} by {view.ChangedBy}");
        output.Facts(facts);
    }

    private static Command Save(CommandContext cli)
    {
        var name = NameArgument();
        var query = RunTerms.QueryArgument();
        var columns = new Option<string>("--show")
        {
            Description = "The columns to show, as the API names them, such as id,job,finishedAt.",
            HelpName = "NAME,NAME",
        };
        var sort = new Option<string>("--sort")
        {
            Description = "The column to sort a page by; -NAME for descending.",
            HelpName = "NAME",
        };
        var shared = new Option<bool>("--shared") { Description = "Let others see it." };
        var command = new Command("save", "Save a query under a name, or change what is saved.") { name, query, columns, sort, shared };
        command.SetAction(async (parsed, ct) =>
        {
            var body = new PutViewBody
            {
                Query = string.Join(' ', parsed.GetValue(query) ?? []),
                Columns = parsed.GetValue(columns)?.Split(',', StringSplitOptions.TrimEntries),
                Sort = parsed.GetValue(sort),
                Shared = parsed.GetValue(shared),
            };
            using var api = cli.Connect(parsed);
            var view = parsed.GetRequiredValue(name);
            var stored = api.Read(await api.GetAsync("views", ct), ApiJson.Default.Views).Items.FirstOrDefault(v => v.Name == view);
            var answer = await api.PutAsync(
                Path(view), JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Default.PutViewBody), ct, stored?.Version);
            cli.Output(parsed).Answer(answer, view, $"{view} saved");
        });
        return command;
    }

    private static Command Delete(CommandContext cli)
    {
        var name = NameArgument();
        var command = new Command("delete", "Delete a view.") { name, cli.Confirm.YesOption };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var view = parsed.GetRequiredValue(name);
            cli.Confirm.Ask(parsed, $"Delete view {view}");
            cli.Output(parsed).Answer(await api.DeleteAsync(Path(view), ct), view, $"{view} deleted");
        });
        return command;
    }
}
