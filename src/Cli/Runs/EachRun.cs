using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Cli.Bulk;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary>What a command has done with one run.</summary>
/// <param name="Answer">The server's answer.</param>
/// <param name="Show">Prints what people read.</param>
public sealed record DoneRun(JsonElement Answer, Action Show);

/// <summary>A change of runs.</summary>
/// <param name="Order">What is done, as an order: <c>Cancel</c>.</param>
/// <param name="Doing">The same while it is done: <c>Canceling</c>.</param>
/// <param name="Destroys">Whether something is gone afterwards: then also one run is asked for.</param>
public sealed record RunChange(string Order, string Doing, bool Destroys = false);

/// <summary>Does the same with one or more runs. If the server refuses some of them, the others are done all the same, and the command ends
/// with <see cref="ExitCode.Partial"/>.</summary>
public static class EachRun
{
    /// <summary>The argument that names the runs.</summary>
    public static Argument<string[]> IdArgument() =>
        new("ID") { Description = "The run's id; several for several runs.", Arity = ArgumentArity.OneOrMore };

    /// <summary>True if the command line names several runs: then each line of text says which one it is about.</summary>
    public static bool AreSeveral(ParseResult parsed, Argument<string[]> ids) => IdsOf(parsed, ids).Length > 1;

    /// <summary>As <see cref="DoAsync"/>, for a change: compares the number with <c>--expect</c>, and asks before it touches several runs
    /// or destroys one.</summary>
    /// <param name="cli">The context.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="ids">The argument.</param>
    /// <param name="change">What is changed.</param>
    /// <param name="act">Changes one run, or tries it.</param>
    public static async Task<int> ChangeAsync(
        CommandContext cli, ParseResult parsed, Argument<string[]> ids, RunChange change,
        Func<FleetApi, string, string, bool, Task<DoneRun>> act)
    {
        var runs = RunsOf(parsed, ids);
        var isDryRun = parsed.GetValue(cli.DryRunOption);
        using var api = cli.Connect(parsed);
        if (parsed.GetValue(cli.Confirm.ExpectOption) is not null)
            cli.Confirm.Expect(parsed, await CountAsync(api, runs, act, cli.Time));
        if (!isDryRun && (runs.Count > 1 || change.Destroys))
            cli.Confirm.Ask(parsed, runs is [var only] ? $"{change.Order} run {only.Id}" : $"{change.Order} {runs.Count} runs", runs.Count);
        using var progress = new Progress(isDryRun ? "Checking" : change.Doing, cli.Time);
        var done = 0;
        return await DoEachAsync(cli.Output(parsed), runs, async (id, path) =>
        {
            progress.Report(done++, runs.Count);
            var isDone = false;
            try
            {
                var run = await act(api, id, path, isDryRun);
                isDone = true;
                return run;
            }
            finally
            {
                // A line follows: the reason of a refusal, or after the last run the results.
                if (!isDone || done == runs.Count)
                    progress.Clear();
            }
        });
    }

    /// <summary>How many of the runs the server would change.</summary>
    private static async Task<int> CountAsync(
        FleetApi api, List<(string Id, string Path)> runs, Func<FleetApi, string, string, bool, Task<DoneRun>> act, TimeProvider time)
    {
        using var progress = new Progress("Checking", time);
        var (count, done) = (0, 0);
        foreach (var (id, path) in runs)
        {
            progress.Report(done++, runs.Count);
            try
            {
                await act(api, id, path, true);
                count++;
            }
            catch (CommandFailedException e) when (e.Code is ExitCode.NotFound or ExitCode.Conflict or ExitCode.Usage)
            {
                // It would not be touched; the change itself says why.
            }
        }

        return count;
    }

    /// <summary>Acts on each run and prints the answers: one as it is, several as a list.</summary>
    /// <param name="cli">The context.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="ids">The argument.</param>
    /// <param name="act">Acts on one run, given its id and its path behind <c>/api/v1/</c>.</param>
    /// <param name="between">A line between what people read about two runs; null for none.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandFailedException">There is only one run, and the server refused it.</exception>
    public static async Task<int> DoAsync(
        CommandContext cli, ParseResult parsed, Argument<string[]> ids, Func<FleetApi, string, string, Task<DoneRun>> act,
        string? between = null)
    {
        // All of them are read before anything is asked.
        var runs = RunsOf(parsed, ids);
        using var api = cli.Connect(parsed);
        return await DoEachAsync(cli.Output(parsed), runs, (id, path) => act(api, id, path), between);
    }

    private static async Task<int> DoEachAsync(
        Output output, List<(string Id, string Path)> runs, Func<string, string, Task<DoneRun>> act, string? between = null)
    {
        if (runs is [var single])
        {
            var (answer, show) = await act(single.Id, single.Path);
            output.Answer(answer, single.Id, show);
            return (int)ExitCode.Ok;
        }

        var (done, refused) = (new List<(string Id, DoneRun Run)>(), new List<ExitCode>());
        foreach (var (id, path) in runs)
        {
            try
            {
                done.Add((id, await act(id, path)));
            }
            catch (ServerUnreachableException e)
            {
                // The others would fail alike, each after a wait.
                var left = runs.Count - done.Count - refused.Count - 1;
                refused.Add(e.Code);
                Output.Remark($"{id}: {e.Message}{(left > 0 ? $" The {left} after it were not tried." : "")}");
                break;
            }
            catch (CommandFailedException e)
            {
                refused.Add(e.Code);
                Output.Remark($"{id}: {e.Message}");
            }
        }

        if (done.Count > 0)
            Print(output, done, between);
        return (int)(refused.Count == 0 ? ExitCode.Ok
            : done.Count > 0 ? ExitCode.Partial
            : refused.TrueForAll(code => code == refused[0]) ? refused[0] : ExitCode.Failure);
    }

    private static string[] IdsOf(ParseResult parsed, Argument<string[]> ids) => [.. parsed.GetRequiredValue(ids).Distinct()];

    private static List<(string Id, string Path)> RunsOf(ParseResult parsed, Argument<string[]> ids) =>
        [.. IdsOf(parsed, ids).Select(id => (id, GetRuns.Path(id)))];

    private static void Print(Output output, List<(string Id, DoneRun Run)> done, string? between)
    {
        if (output.Format is OutputFormat.Json or OutputFormat.Yaml)
        {
            var list = JsonSerializer.SerializeToElement(
                done.Select(d => WithId(d.Run.Answer, d.Id)), ApiJson.Default.IEnumerableJsonElement);
            output.Answer(list, "", "");
            return;
        }

        foreach (var (i, (id, run)) in done.Index())
        {
            if (i > 0 && between is not null && output.IsText)
                output.Line(between);
            output.Answer(WithId(run.Answer, id), id, run.Show);
        }
    }

    /// <summary>In a list, each answer says which run it is about.</summary>
    private static JsonElement WithId(JsonElement answer, string id)
    {
        if (answer.TryGetProperty("id", out _))
            return answer;
        var named = new JsonObject { ["id"] = id };
        foreach (var member in answer.EnumerateObject())
            named[member.Name] = JsonNode.Parse(member.Value.GetRawText());
        return named.ToElement();
    }
}
