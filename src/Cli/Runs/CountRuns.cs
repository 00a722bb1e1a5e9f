using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run count</c>: how many runs match a query, in all or by state.</summary>
public static class CountRuns
{
    private static readonly Listing<KeyValuePair<string, CountView>> States = new(state => state.Key)
    {
        { "STATE", state => state.Key, ColumnKind.State },
        { "RUNS", state => Text(state.Value.Value, state.Value.Relation) },
    };

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
            var count = await api.GetAsync(terms.Path(parsed, "runs/count", basis: null, ("by", by)), ct);
            var output = cli.Output(parsed);
            var view = api.Read(count, ApiJson.Default.RunCountView);
            output.Answer(count, Text(view.Value, view.Relation), () => Show(view, output));
        });
        return command;
    }

    private static void Show(RunCountView count, Output output)
    {
        if (count.States is { } states)
            output.Table(States, states);
        else
            output.Line(Text(count.Value, count.Relation));
        if (count is { Relation: "gte", Scanned: { Complete: false, BackTo: { } backTo } })
            Output.Remark($"Counted among the latest {count.Scanned.Rows} runs, back to {Times.Instant(backTo)}; add since: or until:.");
    }

    private static string Text(int number, string relation) => relation == "gte" ? $"{number}+" : $"{number}";
}
