using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Cli.Runs;
using Fleet.Client;

namespace Fleet.Cli.DeadLetters;

/// <summary><c>fleet dead list|get</c>: the runs that failed for good.</summary>
public static class GetDeadLetters
{
    /// <summary>All commands.</summary>
    public static IEnumerable<Command> Commands(CommandContext cli) => [List(cli), Get(cli)];

    private static Command List(CommandContext cli)
    {
        var command = new Command("list", "List dead letters, the last created first.");
        var terms = RunTerms.AddTo(command, withState: false);
        var limit = NumberOption.Make("--limit", 1, 500, "How many at most. Default: the server's.", "N");
        var muted = new Option<bool>("--muted") { Description = "Also those of groups that are muted." };
        command.Add(limit);
        command.Add(muted);
        command.Add(cli.ColumnsOption);
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, ListRuns.Listing);
            using var api = cli.Connect(parsed);
            var answer = await api.GetAsync(
                terms.Path(parsed, "dead-letters", basis: null, ("limit", parsed.GetValue(limit)?.ToString()),
                    ("muted", parsed.GetValue(muted) ? "true" : null)), ct);
            var page = api.Read(answer, ApiJson.Default.Runs);
            output.Print(api.Items(answer), page.Items, page.Scanned.Complete ? "No dead letters." : ListRuns.None(page.Scanned));
            ListRuns.TellOfErrors(output, page.Items);
            if (page.Next is not null && page.Items.Count > 0)
                Output.Remark("There are more; raise --limit.");
        });
        return command;
    }

    private static Command Get(CommandContext cli)
    {
        var id = GetRuns.IdArgument();
        var command = new Command("get", "Show a dead letter: args, error, attempts with the stack, and the end of its log.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var run = parsed.GetRequiredValue(id);
            var answer = await api.GetAsync(GetRuns.Path(run, "dead-letters"), ct);
            var output = cli.Output(parsed);
            output.Answer(answer, run, () => Show(api.Read(answer, ApiJson.Default.DeadLetterView), cli.Time.GetUtcNow(), output));
        });
        return command;
    }

    private static void Show(DeadLetterView dead, DateTimeOffset now, Output output)
    {
        GetRuns.Show(dead.Run, now, output);
        if (dead.Log.Count == 0)
            return;
        output.Line("");
        output.Line("Last lines of its log:");
        foreach (var line in dead.Log)
            output.Line($"  {Times.Instant(line.At)} {line.Level} {Plain.Line(line.Message)}");
    }
}
