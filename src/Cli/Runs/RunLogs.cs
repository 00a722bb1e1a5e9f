using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run logs ID [--follow]</c>: what a run has written.</summary>
public static class RunLogs
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static Command Command(CommandContext cli)
    {
        var id = GetRuns.IdArgument();
        var follow = new Option<bool>("--follow", "-f") { Description = "Continue until the run has ended." };
        var command = new Command("logs", "Print a run's log.") { id, follow };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var run = parsed.GetRequiredValue(id);
            var printer = new Printer(api, GetRuns.Path(run), cli.Output(parsed));
            if (parsed.GetValue(follow))
            {
                // The server refuses what is no id before this is waited for.
                _ = RunId.TryParse(run, out var runId);
                await using var end = api.SignalEnd(runId, cli.Time);
                await FollowAsync(printer, end, ct);
            }
            else
                await printer.PrintNewAsync(ct);
            printer.Finish();
        });
        return command;
    }

    private static async Task FollowAsync(Printer printer, RunEndSignal end, CancellationToken ct)
    {
        var reached = false;
        while (true)
        {
            try
            {
                // Asked before the lines are read: lines that were written up to the run's end are then all there.
                var ended = await printer.HasEndedAsync(ct);
                await printer.PrintNewAsync(ct);
                if (ended)
                    return;
                reached = true;
            }
            catch (ServerUnreachableException) when (reached)
            {
                // The server restarts; the next round goes on after the last line that was printed.
            }

            // No event tells of new lines; the end is told.
            await end.WaitAsync(Pause, ct);
        }
    }

    private sealed class Printer(FleetApi api, string path, Output output)
    {
        private readonly ItemStream _lines = new(output);
        private long _after;

        public async Task<bool> HasEndedAsync(CancellationToken ct) =>
            api.Read(await api.GetAsync(path, ct), ApiJson.Default.RunDetailView).Ended;

        /// <summary>Prints every line after the last one that was printed, page by page.</summary>
        public async Task PrintNewAsync(CancellationToken ct)
        {
            long before;
            do
            {
                before = _after;
                var answer = await api.GetAsync($"{path}/logs?after={_after}", ct);
                var page = api.Read(answer, ApiJson.Default.Logs);
                for (var i = 0; i < page.Items.Count; i++)
                    Print(page.Items[i], api.Items(answer)[i]);
            }
            while (_after > before);
        }

        /// <summary>Prints what must be one document.</summary>
        public void Finish() => _lines.Finish();

        private void Print(LogLineView line, JsonElement raw)
        {
            var at = $"{line.At.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss.fff'Z'}";
            _lines.Add(raw, $"{line.Id}", () => output.Format == OutputFormat.Tsv
                ? $"{at}\t{line.Attempt}\t{line.Level}\t{Plain.Line(line.Message)}"
                : $"{at} {line.Attempt} {line.Level,-11} {line.Message}");
            _after = Math.Max(_after, line.Id);
        }
    }
}
