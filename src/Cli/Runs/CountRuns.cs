using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;
using Spectre.Console;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run count</c>: how many runs match a query, in all or by state.</summary>
public static class CountRuns
{
    public static Command Command(CommandContext cli)
    {
        var byState = new Option<bool>("--by-state") { Description = "How many in each state." };
        var command = new Command("count", "Count runs.");
        var terms = RunTerms.AddTo(command);
        command.Add(byState);
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var by = parsed.GetValue(byState) ? "state" : null;
            var count = await api.GetAsync(terms.Path(parsed, "runs/count", byDefault: null, ("by", by)), ct);
            if (cli.WantsJson(parsed))
                Screen.Json(count);
            else
                Show(api.Read(count, ApiJson.Default.RunCountView));
        });
        return command;
    }

    private static void Show(RunCountView count)
    {
        if (count.States is { } states)
        {
            var table = Screen.Table("STATE", "RUNS");
            foreach (var (state, number) in states)
                table.AddRow(Screen.State(state), Screen.Cell(Text(number.Value, number.Relation)));
            Screen.Show(table);
        }
        else
        {
            Screen.Line(Text(count.Value, count.Relation));
        }

        if (count is { Relation: "gte", Scanned: { Complete: false, BackTo: { } backTo } })
        {
            Console.Error.WriteLine(
                $"Counted among the latest {count.Scanned.Rows} runs, back to {Times.Instant(backTo)}; add since: or until:.");
        }
    }

    private static string Text(int number, string relation) => relation == "gte" ? $"{number}+" : $"{number}";
}
