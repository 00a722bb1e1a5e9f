using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Support;

/// <summary>The embedded Fleet with the scripted jobs.</summary>
internal static class ScriptedFleet
{
    /// <summary>Starts it.</summary>
    /// <param name="script">What the handlers do.</param>
    /// <param name="time">A clock that only the test moves; null for the system's.</param>
    /// <param name="settings">As <c>Worker:Drain=00:00:05</c>, without the leading <c>Fleet:</c>.</param>
    /// <param name="folder">The data folder; null makes one that goes away.</param>
    /// <param name="configure">Adds services.</param>
    public static Task<EmbeddedFleet> StartAsync(
        Script script, FakeTimeProvider? time = null, string[]? settings = null, TempFolder? folder = null,
        Action<IServiceCollection>? configure = null)
    {
        // The test's clock runs in leaps: leases must not end in one of them.
        string[] fake = ["Worker:Lease=00:05:00", "Scheduler:Lease=00:05:00"];
        return EmbeddedFleet.StartAsync(
            services =>
            {
                script.AddTo(services);
                if (time is not null)
                    services.AddSingleton<TimeProvider>(time);
                configure?.Invoke(services);
            },
            (time is null ? [] : fake).Concat(settings ?? []).Select(Parse),
            folder);
    }

    /// <summary>A clock that stands at a whole second.</summary>
    public static FakeTimeProvider Clock() => new(new DateTimeOffset(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));

    /// <summary>The rows in <c>attempts</c>, oldest first.</summary>
    public static async Task<IReadOnlyList<Attempt>> AttemptsAsync(this EmbeddedFleet fleet, RunId id)
    {
        await using var db = fleet.Storage.Read();
        return await db.Attempts.AsNoTracking().Where(a => a.RunId == id).OrderBy(a => a.Id).ToListAsync();
    }

    /// <summary>Stores a run as it is, past every check: what an older or foreign program may have left.</summary>
    public static async Task<RunId> InsertAsync(
        this EmbeddedFleet fleet, string job, string args, int? maxAttempts = null, RunId? id = null)
    {
        var now = fleet.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var run = new NewRun
        {
            Id = id ?? RunId.New(now),
            Job = job,
            Lane = "default",
            Args = args,
            CreatedAt = now,
            DueAt = now,
            Staged = false,
            MaxAttempts = maxAttempts,
        };
        await fleet.Storage.WriteAsync(
            session => fleet.Storage.Statements.InsertAsync(session, [run], CancellationToken.None), CancellationToken.None);
        return run.Id;
    }

    /// <summary>True once the run is in this state.</summary>
    public static async Task<bool> IsAsync(this EmbeddedFleet fleet, RunId id, RunState state) =>
        (await fleet.FindAsync(id))!.State == state;

    /// <summary>Waits for a run's state while the clock goes on.</summary>
    public static async Task<Run> AdvanceUntilAsync(this EmbeddedFleet fleet, FakeTimeProvider time, RunId id, RunState state)
    {
        await time.AdvanceUntilAsync(() => fleet.IsAsync(id, state));
        return (await fleet.FindAsync(id))!;
    }

    private static KeyValuePair<string, string?> Parse(string setting)
    {
        var at = setting.IndexOf('=', StringComparison.Ordinal);
        return new("Fleet:" + setting[..at], setting[(at + 1)..]);
    }
}
