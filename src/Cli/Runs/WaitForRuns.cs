using System.Text.Json;
using Fleet.Cli.Bulk;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;
using Fleet.Core.Text;

namespace Fleet.Cli.Runs;

/// <summary>Waits for the end of a run.</summary>
public static class WaitForRuns
{
    // A server that restarts is no reason to give up on a run that goes on without it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan OutagePause = TimeSpan.FromSeconds(1);

    // A run usually starts sooner than this; then nobody asks why it waits.
    private static readonly TimeSpan AskAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(10);

    /// <summary>Reads <c>--timeout</c>; null when it is not given.</summary>
    /// <exception cref="UsageException">It is no duration.</exception>
    public static TimeSpan? ReadTimeout(string? text) => text is null ? null
        : Durations.TryParse(text, out var timeout) && timeout > TimeSpan.Zero && timeout <= TimeSpan.FromDays(365) ? timeout
        : throw new UsageException($"--timeout: '{text}' is not allowed; allowed is a duration such as {Durations.Allowed}.");

    /// <summary>Asks for the run until it has ended; rides over an outage of 30 s. Says on standard error why a pending run waits, each
    /// reason once.</summary>
    /// <returns>The run as the API shows it.</returns>
    /// <exception cref="CommandFailedException">It has not ended after <paramref name="timeout"/>.</exception>
    public static async Task<JsonElement> UntilEndedAsync(
        FleetApi api, string id, TimeProvider time, TimeSpan? timeout, CancellationToken ct)
    {
        var begun = time.GetTimestamp();
        await using var end = api.SignalEnd(
            RunId.TryParse(id, out var runId) ? runId : throw new UsageException("ID: it is not the id of a run."), time);
        var lastAnswer = time.GetTimestamp();
        using var progress = new Progress($"Run {id}", time);
        var (askedAt, askAfter, told) = (lastAnswer, AskAfter, (string?)null);
        while (true)
        {
            // Also after the last event there may be something to say: why it waits, or that the time is over.
            var most = TimeSpan.MaxValue;
            try
            {
                var run = await api.GetAsync(GetRuns.Path(id), ct);
                var view = api.Read(run, ApiJson.Default.RunDetailView);
                if (view.Ended)
                    return run;
                lastAnswer = time.GetTimestamp();
                if (view.Progress is { } part)
                    progress.Report((int)(part * 100), 100);
                else
                    progress.Report(view.State);
                if (view.State == "pending" && time.GetElapsedTime(askedAt) >= askAfter)
                {
                    (askedAt, askAfter) = (lastAnswer, AskAgainAfter);
                    if (await ExplainRuns.WaitsAsync(api, id, ct) is { } reason && reason != told)
                    {
                        progress.Clear();
                        Output.Remark($"waits: {told = reason}");
                    }
                }

                if (view.State == "pending")
                    most = askAfter - time.GetElapsedTime(askedAt);
                if (timeout is { } limit)
                {
                    var left = limit - time.GetElapsedTime(begun);
                    if (left <= TimeSpan.Zero)
                    {
                        throw new CommandFailedException(
                            $"Run {id} has not ended within {Times.Span(limit)}; it goes on.", ExitCode.WaitTimeout);
                    }

                    most = left < most ? left : most;
                }
            }
            catch (ServerUnreachableException) when (time.GetElapsedTime(lastAnswer) < Patience)
            {
                most = OutagePause;
            }

            await end.WaitAsync(most, ct);
        }
    }
}
