using System.Diagnostics;
using System.Globalization;
using Fleet.Core.Findings;
using Fleet.Core.Storage;
using Fleet.Core.Text;

namespace Fleet.Core.Checks;

/// <summary>Checks the database of a set-up from this process: whether it answers, its schema, whether it takes writes, its clock, and
/// the disk of a SQLite file. Changes nothing.</summary>
public static class CheckDatabase
{
    /// <summary>The names of the checks, in their order.</summary>
    public static readonly IReadOnlyList<string> Names = ["database", "schema", "writes", "databaseClock", "disk"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const long Megabyte = 1024 * 1024;
    private const long LittleSpace = 1024 * Megabyte;
    private const long NoSpace = 100 * Megabyte;

    /// <summary>Executes the checks. A failed one does not throw.</summary>
    /// <param name="storage">The database.</param>
    /// <param name="time">The clock of this process.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<IReadOnlyList<Check>> ExecuteAsync(IStorage storage, TimeProvider time, CancellationToken ct)
    {
        DatabaseSchema? schema = null;
        var database = await RunAsync(
            "database", "Check that it runs, the connection string, and the network between this process and it.", time,
            async token =>
            {
                schema = await storage.ReadSchemaAsync(token);
                return (CheckStatus.Ok, "It answers.", null);
            },
            ct);
        if (schema is null)
            return [database, .. Names.Skip(1).Select(name => Skipped(name, "The database does not answer."))];

        var current = new Check(
            "schema", schema.IsCurrent ? CheckStatus.Ok : CheckStatus.Failed, TimeSpan.Zero,
            schema.Problem
                ?? (schema.Applied is [.., var last] ? $"It is as this program needs it: {last}." : "It is as this program needs it."),
            schema.IsCurrent ? null
                : schema is { Obstacle: null, Unknown.Count: 0 } ? "Run 'fleet db migrate'." : "Use a program of the database's version.");
        if (schema.Applied.Count == 0)
            return [database, current, .. Names.Skip(2).Select(name => Skipped(name, "The database has no tables of Fleet."))];

        return
        [
            database,
            current,
            await RunAsync(
                "writes", "Check the rights of the login, whether the database is read-only, and its disk.", time,
                async token =>
                {
                    await storage.PingAsync(token);
                    return (CheckStatus.Ok, "It takes writes.", null);
                },
                ct),
            await RunAsync("databaseClock", "", time, token => CompareClocksAsync(storage, time, token), ct),
            CheckDisk(storage.File),
        ];
    }

    /// <summary>A check that could not be made.</summary>
    public static Check Skipped(string name, string why, string? advice = null) =>
        new(name, CheckStatus.Skipped, TimeSpan.Zero, why, advice);

    /// <summary>How far two clocks are apart, as a check.</summary>
    /// <param name="ahead">How far the other one is ahead of that of this process.</param>
    /// <param name="other">What the other one is called at the beginning of a sentence.</param>
    public static (CheckStatus Status, string Said, string? Advice) Compare(TimeSpan ahead, string other)
    {
        var seconds = ahead.Duration().TotalSeconds;
        var how = seconds < 0.05 ? "agrees with that of this process"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"is {seconds:0.0##} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} that of this process");
        return ahead.Duration() <= TellFindings.ClockTolerance
            ? (CheckStatus.Ok, $"{other} {how}.", null)
            : (CheckStatus.Warning, $"{other} {how}: due times are off by that.",
                "Set the clocks with a time service (NTP) on both machines.");
    }

    /// <summary>Executes one check, and turns what it throws into its failure.</summary>
    public static async Task<Check> RunAsync(
        string name, string adviceOnFailure, TimeProvider time,
        Func<CancellationToken, Task<(CheckStatus Status, string Said, string? Advice)>> check, CancellationToken ct)
    {
        var begun = time.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            // Not every driver gives up when it is told to.
            var (status, said, advice) = await Task.Run(() => check(limit.Token), ct).WaitAsync(Patience, time, ct);
            return new Check(name, status, time.GetElapsedTime(begun), said, advice);
        }
        catch (TimeoutException)
        {
            await limit.CancelAsync();
            return Failed(string.Create(CultureInfo.InvariantCulture, $"No answer within {Patience.TotalSeconds:0} s."));
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return Failed(Secrets.Hide((e is DatabaseUnavailableException { InnerException: { } inner } ? inner : e).Message));
        }

        Check Failed(string said) => new(name, CheckStatus.Failed, time.GetElapsedTime(begun), said, adviceOnFailure);
    }

    private static async Task<(CheckStatus Status, string Said, string? Advice)> CompareClocksAsync(
        IStorage storage, TimeProvider time, CancellationToken ct)
    {
        var asked = time.GetUtcNow();
        var begun = time.GetTimestamp();
        var clock = await storage.ReadClockAsync(ct);
        // Half of what the call took is the best guess for when the database looked at its clock.
        return Compare(clock - (asked + (time.GetElapsedTime(begun) / 2)), "The clock of the database");
    }

    private static Check CheckDisk(string? file)
    {
        if (file is null)
            return Skipped("disk", "The database is a server; its disk cannot be seen from here.");
        var begun = Stopwatch.GetTimestamp();
        try
        {
            var free = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(file))!).AvailableFreeSpace;
            var status = free < NoSpace ? CheckStatus.Failed : free < LittleSpace ? CheckStatus.Warning : CheckStatus.Ok;
            return new Check(
                "disk", status, Stopwatch.GetElapsedTime(begun),
                string.Create(CultureInfo.InvariantCulture, $"{free / Megabyte:N0} MB are free where {file} is."),
                status == CheckStatus.Ok ? null : "Free some space: a full disk stops everything.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Skipped("disk", $"The free space cannot be read: {e.Message}");
        }
    }
}
