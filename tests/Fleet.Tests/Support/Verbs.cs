using Fleet.Core;
using Fleet.Core.Actors;
using Fleet.Core.Leadership;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Fleet.Core.Workers;
using Fleet.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Support;

[Job("note")]
public sealed record Note(string Text = "");

public sealed class NoteJob : IJob<Note>
{
    public Task RunAsync(Note args, JobContext context, CancellationToken ct) => Task.CompletedTask;
}

/// <summary>All verbs over a storage, with a clock that the test moves and a scripted wire: one process without its loops.</summary>
public sealed class Verbs : IAsyncDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, int> Lanes = new(StringComparer.Ordinal) { ["default"] = 8 };

    private readonly ServiceProvider _services;

    /// <param name="storage">The database.</param>
    /// <param name="time">The clock.</param>
    /// <param name="jobs">What the process can do; null for <see cref="NoteJob"/>.</param>
    public Verbs(IStorage storage, FakeTimeProvider time, Action<JobsBuilder>? jobs = null)
    {
        Storage = storage;
        Time = time;
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(time)
            .AddSingleton(storage)
            .AddTransport(Transport)
            .AddFleetCore()
            .AddFleetJobs(jobs ?? (note => note.Add<NoteJob>()))
            .AddSingleton<ILoggerProvider>(Log)
            .BuildServiceProvider();
    }

    public IStorage Storage { get; }

    public FakeTimeProvider Time { get; }

    public ScriptedTransport Transport { get; } = new();

    /// <summary>What the process says.</summary>
    internal LogRecorder Log { get; } = new();

    public DateTimeOffset Now => Time.GetUtcNow();

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    public static RunRequest Request(EnqueueOptions? options = null, string args = """{"text":"a"}""") =>
        new() { Job = "note", Args = args, By = ThisProcess.Program, Options = options ?? new EnqueueOptions() };

    /// <summary>A row as EnqueueRuns would make it, without storing it.</summary>
    public NewRun NewRun(string? key = null, string hash = "a", string? schedule = null, DateTimeOffset? fireTime = null) => new()
    {
        Id = RunId.New(Now),
        Job = "note",
        Lane = "default",
        Args = "{}",
        CreatedAt = Now,
        DueAt = Now,
        Staged = false,
        IdempotencyKey = key,
        RequestHash = key is null ? null : System.Text.Encoding.UTF8.GetBytes(hash),
        ScheduleId = schedule,
        FireTime = fireTime,
    };

    public async Task<RunId> EnqueueAsync(EnqueueOptions? options = null, string args = """{"text":"a"}""") =>
        (await Get<EnqueueRuns>().ExecuteAsync(Request(options, args), CancellationToken.None)).Id;

    public Task<IReadOnlyList<EnqueueOutcome>> InsertAsync(params NewRun[] runs) =>
        Storage.WriteAsync(session => Storage.Statements.InsertAsync(session, runs, CancellationToken.None), CancellationToken.None);

    public Task<WorkerId> RegisterAsync() =>
        Get<RegisterWorkers>().RegisterAsync("w", Lanes, TimeSpan.FromHours(1), CancellationToken.None);

    public Task<ClaimOutcome> TryClaimAsync(WorkerId worker, RunId id) => Get<ClaimRuns>().ExecuteAsync(worker, id, CancellationToken.None);

    public async Task<ClaimedRun> ClaimAsync(WorkerId worker, RunId id)
    {
        var outcome = await TryClaimAsync(worker, id);
        Assert.Equal(ClaimStatus.Claimed, outcome.Status);
        return outcome.Run!;
    }

    /// <summary>Enqueues a run and claims it.</summary>
    public async Task<ClaimedRun> StartAsync(WorkerId worker, EnqueueOptions? options = null) =>
        await ClaimAsync(worker, await EnqueueAsync(options));

    public Task<SettleOutcome> CompleteAsync(ClaimedRun run) => Get<CompleteRuns>().ExecuteAsync(Completion(run), CancellationToken.None);

    public Completion Completion(ClaimedRun run) => new() { Id = run.Id, LeaseToken = run.LeaseToken, FinishedAt = Now };

    /// <param name="run">The claim.</param>
    /// <param name="retryIn">Null: for good.</param>
    public Task<SettleOutcome> FailAsync(
        ClaimedRun run, TimeSpan? retryIn = null, string error = "boom", RetryDecision? decision = null) => Get<FailRuns>().ExecuteAsync(
        new Failure(run, AttemptOutcome.Failed, new RunError("T", error, "at x"), Now + retryIn, decision),
        CancellationToken.None);

    public Task<SettleOutcome> ReleaseAsync(ClaimedRun run, AttemptOutcome outcome = AttemptOutcome.Released, TimeSpan delay = default) =>
        Get<ReleaseRuns>().ExecuteAsync(run.Id, run.LeaseToken, outcome, "drain", delay, CancellationToken.None);

    public Task<CancelResult> CancelAsync(RunId id, string? reason = "because") =>
        Get<CancelRuns>().ExecuteAsync(id, reason, Somebody.Me, CancellationToken.None);

    public Task<ReplayResult> ReplayAsync(RunId id) => Get<ReplayRuns>().ExecuteAsync(id, Somebody.Me, CancellationToken.None);

    public async Task<DeleteResult> DeleteAsync(RunId id) =>
        (await Get<DeleteRuns>().ExecuteAsync([id], Somebody.Me, CancellationToken.None))[0];

    public async Task<int> RescueAsync() => await Get<RescueRuns>().ExecuteAsync(await LeadAsync(), CancellationToken.None);

    /// <summary>Takes the lead and gives the term.</summary>
    public async Task<Term> LeadAsync() =>
        (await Get<LeaderLease>().AcquireAsync("leader", TimeSpan.FromHours(1), CancellationToken.None))!.Value;

    /// <summary>Leaves a worker a lease without length: the leader finds it silent at once.</summary>
    public Task ExpireAsync(WorkerId worker) => Storage.WriteAsync(
        async session =>
        {
            var past = await Storage.GetClockAsync(session, CancellationToken.None) - TimeSpan.FromSeconds(1);
            return await session.Db.Workers.Where(w => w.Id == worker).ExecuteUpdateAsync(
                set => set.SetProperty(w => w.HeartbeatAt, past).SetProperty(w => w.LeaseUntil, past));
        },
        CancellationToken.None);

    /// <summary>Reads the row of a run, also of one that was deleted.</summary>
    public async Task<Run> ReadAsync(RunId id)
    {
        await using var db = Storage.Read();
        return await db.Runs.IgnoreQueryFilters().AsNoTracking().SingleAsync(r => r.Id == id);
    }

    /// <summary>Reads rows of any table.</summary>
    public async Task<List<T>> ListAsync<T>(Func<FleetDbContext, IQueryable<T>> query)
    {
        await using var db = Storage.Read();
        return await query(db).ToListAsync();
    }

    public Task<List<Attempt>> AttemptsAsync(RunId id) => ListAsync(db => db.Attempts.Where(a => a.RunId == id).OrderBy(a => a.Id));

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (Storage is IAsyncDisposable storage)
            await storage.DisposeAsync();
    }
}
