using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Bulk;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Operations;

/// <summary><c>fleet operation watch ID</c>: waits for the end of an operation.</summary>
internal static class WatchOperations
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    // A server that restarts is no reason to give up on an operation that goes on without it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Command Command(CommandContext cli)
    {
        var id = OperationCommands.IdArgument();
        var command = new Command("watch", "Show how far an operation is until it has ended.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var answer = await api.GetAsync(OperationCommands.Path(parsed.GetRequiredValue(id)), ct);
            return await UntilEndedAsync(cli, cli.Output(parsed), api, answer, ct);
        });
        return command;
    }

    /// <summary>Waits, with a bar, and prints what became of the runs.</summary>
    /// <param name="cli">The context.</param>
    /// <param name="output">Takes the result.</param>
    /// <param name="api">The server.</param>
    /// <param name="answer">The operation as the server showed it last.</param>
    /// <param name="ct">Gives up; the operation goes on.</param>
    public static async Task<int> UntilEndedAsync(
        CommandContext cli, Output output, FleetApi api, JsonElement answer, CancellationToken ct)
    {
        var operation = api.Read(answer, ApiJson.Default.OperationView);
        using (var progress = new Progress(OperationText.Doing(operation.Kind), cli.Time))
        {
            var lastAnswer = cli.Time.GetTimestamp();
            while (operation.State == "running")
            {
                var had = operation.Done + operation.Skipped.Changed + operation.Skipped.Gone + operation.Failed;
                progress.Report((int)had, Math.Max((int)had, operation.Matched.Value));
                try
                {
                    await Task.Delay(BetweenLooks, cli.Time, ct);
                    answer = await api.GetAsync(OperationCommands.Path(operation.Id), ct);
                    operation = api.Read(answer, ApiJson.Default.OperationView);
                    lastAnswer = cli.Time.GetTimestamp();
                }
                catch (ServerUnreachableException) when (cli.Time.GetElapsedTime(lastAnswer) < Patience)
                {
                }
                catch (OperationCanceledException)
                {
                    progress.Clear();
                    Output.Remark($"The operation goes on; 'fleet operation cancel {operation.Id}' stops it.");
                    throw;
                }
            }
        }

        output.Answer(answer, operation.Id, $"{operation.Id} {operation.State}: {OperationText.Counts(operation)}");
        if (operation.Error is { } error)
            Output.Remark(error);
        return (int)(operation.State == "canceled" ? ExitCode.Failure : operation.Failed > 0 ? ExitCode.Partial : ExitCode.Ok);
    }
}
