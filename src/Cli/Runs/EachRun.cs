using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary>What a command has done with one run.</summary>
/// <param name="Answer">The server's answer.</param>
/// <param name="Show">Prints what people read.</param>
public sealed record DoneRun(JsonElement Answer, Action Show);

/// <summary>Does the same with one or more runs. If the server refuses some of them, the others are done all the same, and the command ends
/// with <see cref="ExitCode.Partial"/>.</summary>
public static class EachRun
{
    /// <summary>The argument that names the runs.</summary>
    public static Argument<string[]> IdArgument() =>
        new("ID") { Description = "The run's id; several for several runs.", Arity = ArgumentArity.OneOrMore };

    /// <summary>True if the command line names several runs: then each line of text says which one it is about.</summary>
    public static bool AreSeveral(ParseResult parsed, Argument<string[]> ids) => IdsOf(parsed, ids).Length > 1;

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
        var runs = IdsOf(parsed, ids).Select(id => (Id: id, Path: GetRuns.Path(id))).ToList();
        using var api = cli.Connect(parsed);
        var output = cli.Output(parsed);
        if (runs is [var single])
        {
            var (answer, show) = await act(api, single.Id, single.Path);
            output.Answer(answer, single.Id, show);
            return (int)ExitCode.Ok;
        }

        var (done, refused) = (new List<(string Id, DoneRun Run)>(), new List<ExitCode>());
        foreach (var (id, path) in runs)
        {
            try
            {
                done.Add((id, await act(api, id, path)));
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
        return JsonElement.Parse(named.ToJsonString());
    }
}
