using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run watch ID</c>: the states of a run, as they come, to its end.</summary>
public static class WatchRuns
{
    public static Command Command(CommandContext cli)
    {
        var id = GetRuns.IdArgument();
        var command = new Command("watch", "Follow a run to its end; ends with 1 if it does not succeed.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var output = cli.Output(parsed);
            // Fails here if nobody answers, or there is no such run.
            var run = api.Read(await api.GetAsync(GetRuns.Path(parsed.GetRequiredValue(id)), ct), ApiJson.Default.RunDetailView);
            var (states, last) = (new ItemStream(output), run.State);
            await foreach (var change in api.FollowAsync(
                RunId.TryParse(run.Id, out var runId) ? runId : throw new UsageException("ID: it is not the id of a run."), ct))
            {
                last = change.State;
                states.Add(
                    JsonSerializer.SerializeToElement(change, ApiJson.Default.RunChangeView), change.State,
                    () => LineOf(change, output.Format == OutputFormat.Tsv, cli.Time.GetUtcNow()));
            }

            states.Finish();
            return (int)(last == "succeeded" ? ExitCode.Ok : ExitCode.Failure);
        });
        return command;
    }

    private static string LineOf(RunChangeView run, bool isTsv, DateTimeOffset now)
    {
        var progress = run.Progress is { } part ? string.Create(CultureInfo.InvariantCulture, $"{part * 100:0}%") : "";
        var about = run.Ended ? run.Error : run.ProgressMessage;
        if (isTsv)
            return string.Join('\t', Times.Instant(now), run.State, $"{run.Attempt}", progress, Plain.Line(about));
        string[] parts =
        [
            Times.Instant(now), run.Stopping ? $"{run.State}, asked to stop" : run.State, run.Attempt > 0 ? $"attempt {run.Attempt}" : "",
            run.State == "pending" && run.DueAt > now ? $"due {Times.Relative(run.DueAt, now)}" : "", progress, Plain.Line(about),
        ];
        return string.Join("  ", parts.Where(part => part.Length > 0));
    }
}
