using System.Data.Common;
using Fleet.Cli.Printing;
using Fleet.Core.Storage;
using Fleet.Core.Text;

namespace Fleet.Cli.Db;

/// <summary>Waits for a database server that starts at the same time, as in a composition of containers.</summary>
internal static class WaitForDatabase
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Reads <c>--wait</c>; null is no time at all.</summary>
    /// <exception cref="CommandFailedException">It is no duration, or none from 0 to 1 h.</exception>
    public static TimeSpan Read(string? text)
    {
        if (text is null)
            return TimeSpan.Zero;
        return Durations.TryParse(text, out var patience) && patience >= TimeSpan.Zero && patience <= Longest
            ? patience
            : throw new UsageException($"--wait: '{text}' is not allowed; allowed is {Durations.Allowed}, up to 1h.");
    }

    /// <summary>Returns once the database answers, or when the patience is used up: what is done with it then says what is wrong.</summary>
    public static async Task ToAnswerAsync(IStorage storage, TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        var begun = time.GetTimestamp();
        string? said = null;
        while (time.GetElapsedTime(begun) < patience)
        {
            try
            {
                await storage.ReadSchemaAsync(ct);
                return;
            }
            // Also a refusal: servers that start may not know their users yet.
            catch (Exception e) when (!ct.IsCancellationRequested && (e is DbException || storage.IsOutage(e)))
            {
                var why = e is DatabaseUnavailableException { InnerException: { } inner } ? inner.Message : e.Message;
                if (said != why)
                    Console.Error.WriteLine($"Waiting for the database: {Plain.Line(Secrets.Hide(said = why))}");
                await Task.Delay(Pause, time, ct);
            }
        }
    }
}
