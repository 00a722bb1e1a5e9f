using Fleet.Core;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Outbox;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Engine;
using Fleet.Engine.Execution;
using Fleet.Engine.Workers;
using Fleet.Storage.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Testing;

/// <summary>A fleet for tests whose clock is virtual: it jumps from one due time to the next, so that a year of runs takes
/// seconds.</summary>
/// <remarks>
/// <para>What happens is decided by the product's own code: schedules are planned and staged, runs claimed, executed by your handlers,
/// retried, timed out and completed as in a scheduler and a worker, on a SQLite file. What differs: there are no background loops, so
/// nothing is rescued, reconciled or pruned; planning looks a day ahead; pauses between tries have no jitter unless a setting says
/// so.</para>
/// <para>The order of what happens is the same in every execution: handlers start one after the other, by due time, then by schedule and
/// job, and the next one starts when the last has ended or waits for the clock. A handler is taken to wait while a timer is set that it
/// made from the injected <see cref="TimeProvider"/>.</para>
/// </remarks>
public sealed class VirtualFleet : IAsyncDisposable
{
    private static readonly TimeSpan LookAhead = TimeSpan.FromDays(1);

    /// <summary>The most runs that are claimed together; the next follow when these have ended or wait.</summary>
    private const int MaxAtOnce = 256;

    // Nobody renews these leases.
    private static readonly TimeSpan ForEver = TimeSpan.FromDays(36_500);

    // Every commit waits for the disk, and a year has many: where Linux has a file system in memory, it is the better place. In a container
    // it may be a small one.
    private const string InMemory = "/dev/shm";
    private const long RoomForAYear = 512L * 1024 * 1024;

    private readonly ServiceProvider _services;
    private readonly string _folder;
    private readonly VirtualTransport _transport;
    private readonly IStorage _storage;
    private readonly ClaimRuns _claim;
    private readonly ExecuteRuns _execute;
    private readonly IReadOnlyDictionary<string, int> _slots;
    private readonly List<RunUnderWay> _underWay = [];
    private WorkerId _worker;
    private Term _term;
    private DateTimeOffset _planAt = DateTimeOffset.MinValue;
    private volatile bool _mustPlan;
    private volatile bool _mustStage;
    private volatile bool _mustDispatch;
    private bool _mayBeDue;

    private VirtualFleet(ServiceProvider services, VirtualTime time, VirtualTransport transport, string folder)
    {
        (_services, Time, _transport, _folder) = (services, time, transport, folder);
        _storage = services.GetRequiredService<IStorage>();
        _claim = services.GetRequiredService<ClaimRuns>();
        _execute = services.GetRequiredService<ExecuteRuns>();
        _slots = services.GetRequiredService<WorkerLanes>().Slots;
    }

    /// <summary>The clock of the fleet and of its handlers.</summary>
    public VirtualTime Time { get; }

    /// <summary>How long a handler may take, in real time, before it is taken to hang; then its timeout ends it, if its job has one.
    /// Default: 10 s.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Enqueues, reads and cancels runs. A run that was enqueued starts with the next <see cref="RunUntilAsync"/>.</summary>
    public IFleetClient Client => _services.GetRequiredService<IFleetClient>();

    /// <summary>The fleet's services and those that the test has added.</summary>
    public IServiceProvider Services => _services;

    /// <summary>The names of the events that handlers have published, with their bodies as JSON text; in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Events => [.. _transport.Events.Select(e => KeyValuePair.Create(e.Name, e.Body))];

    /// <summary>Makes a fleet and puts its schedules.</summary>
    /// <param name="start">Where its clock stands. Schedules fire after it.</param>
    /// <param name="configure">Adds jobs (<c>AddFleetJobs</c>), schedules (<c>AddFleetSchedules</c>) and what handlers need.</param>
    /// <param name="settings">Settings of the worker, such as <c>Fleet:Worker:Lanes:reports</c> or
    /// <c>Fleet:Worker:Retry:FirstDelay</c>.</param>
    /// <param name="ct">Cancels the start.</param>
    /// <exception cref="InvalidRunException">A schedule is refused.</exception>
    /// <exception cref="InvalidOperationException">A schedule runs a job that the fleet does not have.</exception>
    public static async Task<VirtualFleet> StartAsync(
        DateTimeOffset start, Action<IServiceCollection> configure, IReadOnlyDictionary<string, string?>? settings = null,
        CancellationToken ct = default)
    {
        var parent = Directory.Exists(InMemory) && new DriveInfo(InMemory).AvailableFreeSpace >= RoomForAYear
            ? InMemory
            : Path.GetTempPath();
        var folder = Directory.CreateDirectory(Path.Combine(parent, $"fleet-virtual-{Guid.NewGuid():N}")).FullName;
        var (time, transport) = (new VirtualTime(start), new VirtualTransport());
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new($"{RetryOptions.Section}:Jitter", "0")])
            .AddInMemoryCollection(settings ?? new Dictionary<string, string?>()).Build();
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton<TimeProvider>(time)
            .AddFleetCore()
            .AddFleetSqlite($"Data Source={Path.Combine(folder, "fleet.db")}")
            .AddTransport(transport)
            .AddFleetWorker(configuration);
        configure(services);
        // Its timers end runs; those of handlers, which use the clock itself, say that they wait.
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ExecuteRuns>(provider, time.ForEngine));
        var fleet = new VirtualFleet(services.BuildServiceProvider(), time, transport, folder);
        try
        {
            await fleet.StartAsync(ct);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets the clock run to an instant: everything that comes due on the way happens, what is due at the instant itself
    /// included.</summary>
    /// <param name="until">Where the clock stands afterwards.</param>
    /// <param name="ct">Stops on the way.</param>
    /// <exception cref="ArgumentOutOfRangeException">The instant has passed.</exception>
    /// <exception cref="InvalidOperationException">A handler hangs: for <see cref="Patience"/> it waits for something that the virtual
    /// clock does not bring, and its job has no timeout.</exception>
    public async Task RunUntilAsync(DateTimeOffset until, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(until, Time.GetUtcNow());
        // What the test did meanwhile may have ended runs, or made some.
        await SettleAsync(ct);
        await using var db = _storage.Read();
        await db.Database.OpenConnectionAsync(ct);
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            await LeadAsync(ct);
            if (await StartDueAsync(db, ct) || await FireAsync(ct))
                continue;
            DateTimeOffset next = new[] { _transport.NextDue, Time.NextDue, _planAt }.OfType<DateTimeOffset>().Min();
            if (next > until)
                break;
            Time.JumpTo(next);
            Time.FireOthers();
        }

        Time.JumpTo(until);
        Time.FireOthers();
        await _services.GetRequiredService<RunReports>().FlushAsync(ct);
    }

    /// <summary>As <see cref="RunUntilAsync"/>, for a span from now.</summary>
    public Task RunForAsync(TimeSpan span, CancellationToken ct = default) => RunUntilAsync(Time.GetUtcNow() + span, ct);

    /// <summary>All runs so far, those that were planned ahead (up to a day) included, by fire time, schedule and job. Occurrences that an
    /// edit, a pause or a deletion of their schedule has revoked are left out.</summary>
    public async Task<IReadOnlyList<VirtualRun>> GetRunsAsync(CancellationToken ct = default)
    {
        await using var db = _storage.Read();
        return await VirtualRuns.ListAsync(db, ct);
    }

    /// <summary>Stops what runs and deletes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        _services.GetRequiredService<RunningRuns>().StopAll(StopCause.Drained);
        await Task.WhenAll(_underWay.Select(r => r.Execution)).WaitAsync(TimeSpan.FromSeconds(2), TimeProvider.System)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _services.DisposeAsync();
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A pooled connection still has the file open, where that keeps it; the temporary folder is the system's to clean.
        }
    }

    private async Task StartAsync(CancellationToken ct)
    {
        _services.GetRequiredService<CheckHandlers>().Execute();
        _services.GetRequiredService<KeepHandlerLines>().Start();
        await _storage.MigrateAsync(ct);
        _worker = await _services.GetRequiredService<RegisterWorkers>().RegisterAsync("virtual", _slots, ForEver, ct);
        _term = await _services.GetRequiredService<LeaderLease>().AcquireAsync("virtual", ForEver, ct)
            ?? throw new InvalidOperationException("Another scheduler leads the fleet of this test.");
        var schedules = _services.GetServices<ScheduleRequest>().ToArray();
        // In a real fleet its runs wait for a worker that knows the job; here there is no other.
        if (schedules.FirstOrDefault(s => _services.GetRequiredService<JobRegistry>().Find(s.Job) is null) is { } stray)
            throw new InvalidOperationException(
                $"Schedule '{stray.Id}' runs the job '{stray.Job}', which this fleet does not have; add its handler with AddFleetJobs.");
        foreach (var schedule in schedules)
            await _services.GetRequiredService<PutSchedules>().ExecuteAsync(schedule, "code", ThisProcess.Program, ct);
        var wakers = _services.GetRequiredService<Wakers>();
        wakers.Plan.Connect(() => _mustPlan = true);
        wakers.Stage.Connect(() => _mustStage = true);
        wakers.Outbox.Connect(() => _mustDispatch = true);
        _transport.OnControl = message =>
        {
            foreach (var id in message.CancelRuns ?? [])
            {
                _underWay.Find(r => r.Run.Id == id)?.BeginStop();
                _services.GetRequiredService<RunningRuns>().Stop(id, StopCause.Canceled);
            }
        };
    }

    /// <summary>What a leader's loops do: plan and stage when it is time or somebody woke them, dispatch when there is something.</summary>
    private async Task LeadAsync(CancellationToken ct)
    {
        var now = Time.GetUtcNow();
        if (_mustPlan || now >= _planAt)
        {
            _mustPlan = false;
            while ((await _services.GetRequiredService<PlanOccurrences>().ExecuteAsync(_term, LookAhead, ct)).More)
                ct.ThrowIfCancellationRequested();
            // Half a look-ahead is always planned and staged, whatever comes.
            (_planAt, _mustStage) = (now + (LookAhead / 2), true);
        }

        if (_mustStage)
        {
            _mustStage = false;
            while ((await _services.GetRequiredService<StageRuns>().ExecuteAsync(_term, LookAhead, ct)).More)
                ct.ThrowIfCancellationRequested();
            _mayBeDue = true;
        }

        if (_mustDispatch)
        {
            _mustDispatch = false;
            await _services.GetRequiredService<DispatchOutbox>().ExecuteAsync(ct);
        }
    }

    /// <summary>Claims what is due and executes it, one after the other.</summary>
    /// <returns>Whether anything was started.</returns>
    private async Task<bool> StartDueAsync(FleetDbContext db, CancellationToken ct)
    {
        _mayBeDue |= _transport.TakeDue(Time.GetUtcNow());
        if (!_mayBeDue)
            return false;
        _mayBeDue = false;
        var free = _slots.ToDictionary(l => l.Key, l => l.Value - _underWay.Count(r => r.Run.Lane == l.Key), StringComparer.Ordinal);
        var lanes = free.Where(l => l.Value > 0).Select(l => l.Key).ToList();
        var due = await VirtualRuns.DueAsync(db, null, Time.GetUtcNow(), MaxAtOnce, ct);
        // Those of lanes that are full, or that nobody serves, may stand before the others.
        if (due.Count == MaxAtOnce)
            due = await VirtualRuns.DueAsync(db, lanes, Time.GetUtcNow(), MaxAtOnce, ct);
        var ids = due.Where(r => free.TryGetValue(r.Lane, out var left) && (free[r.Lane] = left - 1) >= 0).Select(r => r.Id).ToList();
        var started = false;
        foreach (var claim in await Task.WhenAll(ids.Select(id => _claim.ExecuteAsync(_worker, id, ct))))
        {
            if (claim.Run is not { } run)
                continue;
            var underWay = new RunUnderWay(run);
            _underWay.Add(underWay);
            underWay.Start(Time, () => _execute.ExecuteAsync(run, _ => { }));
            await SettleAsync(ct);
            started = true;
        }

        return started;
    }

    /// <summary>Lets the next timer go off that is due, and waits for what comes of it.</summary>
    private async Task<bool> FireAsync(CancellationToken ct)
    {
        if (Time.FireNext() is not var (run, isLimit))
            return false;
        run.Hangs = false;
        if (isLimit)
            run.BeginStop();
        await SettleAsync(ct);
        return true;
    }

    /// <summary>Waits until every run that was started has ended, or can do no more before the clock moves on.</summary>
    private async Task SettleAsync(CancellationToken ct)
    {
        while (_underWay.Find(r => !r.IsAtRest || r.Execution.IsCompleted) is { } run)
        {
            if (run.Execution.IsCompleted)
            {
                _underWay.Remove(run);
                await run.Execution;
            }
            else if (await run.Changed.WaitAsync(Patience, TimeProvider.System, ct) || run.IsAtRest)
            {
                continue;
            }
            else if (run.IsStopping)
            {
                run.EndStop();
            }
            else
            {
                // Only its limit ends it now: the timeout, or the grace after it.
                run.Hangs = run.Limits > 0 ? true : throw new InvalidOperationException(
                    $"Run {run.Run.Id} of job '{run.Run.Job}' hangs at {Time.GetUtcNow():O}: for {Patience.TotalSeconds:0.#} s it waits "
                        + "for something that the virtual clock does not bring, "
                    + "and it has no timeout. Handlers wait by the injected TimeProvider: await Task.Delay(span, time, ct).");
            }
        }

        // Whatever they did, they may have enqueued runs, or left a slot.
        _mayBeDue = true;
    }
}
