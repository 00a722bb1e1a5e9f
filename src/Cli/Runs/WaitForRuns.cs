using System.Text.Json;
using Fleet.Cli.Connection;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary>Waits for the end of a run.</summary>
public static class WaitForRuns
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    // A server that restarts is no reason to give up on a run that goes on without it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Asks for the run until it has ended; rides over an outage of 30 s.</summary>
    /// <returns>The run as the API shows it.</returns>
    public static async Task<JsonElement> UntilEndedAsync(FleetApi api, string id, TimeProvider time, CancellationToken ct)
    {
        var pause = ShortestPause;
        var lastAnswer = time.GetTimestamp();
        while (true)
        {
            try
            {
                var run = await api.GetAsync(GetRuns.Path(id), ct);
                if (api.Read(run, ApiJson.Default.RunDetailView).Ended)
                    return run;
                lastAnswer = time.GetTimestamp();
            }
            catch (ServerUnreachableException) when (time.GetElapsedTime(lastAnswer) < Patience)
            {
                pause = LongestPause;
            }

            await Task.Delay(pause, time, ct);
            pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause;
        }
    }
}
