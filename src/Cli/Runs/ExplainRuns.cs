using System.CommandLine;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run explain ID</c>: says why a run ran, ran late, was tried again or skipped, or does not run now.</summary>
public static class ExplainRuns
{
    public static Command Command(CommandContext cli)
    {
        var id = GetRuns.IdArgument();
        var command = new Command("explain", "Say why a run ran, ran late, was tried again or skipped, or does not run now.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var run = parsed.GetRequiredValue(id);
            var answer = await api.GetAsync(Path(run), ct);
            var output = cli.Output(parsed);
            output.Answer(answer, run, () => Explained.Show(api.Read(answer, ApiJson.Default.ExplanationView), output));
        });
        return command;
    }

    /// <summary>Why a pending run waits, in one line; null if there is nothing to say, or the server does not explain runs.</summary>
    public static async Task<string?> WaitsAsync(FleetApi api, string id, CancellationToken ct)
    {
        try
        {
            return Explained.Waits(api.Read(await api.GetAsync(Path(id), ct), ApiJson.Default.ExplanationView));
        }
        catch (CommandFailedException)
        {
            return null;
        }
    }

    private static string Path(string id) => GetRuns.Path(id) + "/explain";
}
