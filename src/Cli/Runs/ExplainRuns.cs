using System.Collections.Frozen;
using System.CommandLine;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run explain ID</c>: says why a run ran, ran late, was tried again or skipped, or does not run now.</summary>
public static class ExplainRuns
{
    /// <summary>Nobody waits longer for a warning.</summary>
    private static readonly TimeSpan AskFor = TimeSpan.FromSeconds(2);

    private static readonly FrozenSet<string> Unserved = FrozenSet.Create(
        StringComparer.Ordinal, "noWorker", "workersDrained", "jobNotOffered", "versionNotOffered", "lanePaused");

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

    /// <summary>Warns on standard error if nobody is there to execute a new run: it is stored, and it would wait without a word. A run that
    /// only waits for its due time or a free slot is no reason.</summary>
    public static async Task WarnAsync(FleetApi api, string id, TimeProvider time, CancellationToken ct)
    {
        if (id.Length == 0)
            return;
        using var limit = new CancellationTokenSource(AskFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            var explanation = api.Read(await api.GetAsync(Path(id), either.Token), ApiJson.Default.ExplanationView);
            if (explanation.Now is { State: "pending", Reasons: [{ Code: var code, Text: var text }, ..] } && Unserved.Contains(code))
                Output.Remark($"Warning: {text}");
        }
        // The run is stored in any case.
        catch (Exception e) when (e is CommandFailedException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
        }
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
