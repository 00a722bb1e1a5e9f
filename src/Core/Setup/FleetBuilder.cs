using Fleet.Core.Lanes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet;

/// <summary>What a program does as part of a fleet.</summary>
[Flags]
public enum FleetPart
{
    /// <summary>Nothing was chosen.</summary>
    None = 0,

    /// <summary>Executes runs.</summary>
    RunsJobs = 1,

    /// <summary>Plans schedules, and rescues and cleans up runs while it is the leader.</summary>
    Leads = 2,

    /// <summary>Enqueues, reads and cancels runs, and nothing else.</summary>
    OnlyEnqueues = 4,
}

/// <summary>Where Fleet stores its runs.</summary>
/// <param name="Provider">Its name in <c>Fleet:Storage:Provider</c>.</param>
/// <param name="Add">Registers the storage.</param>
public sealed record StorageChoice(string Provider, Action<IServiceCollection> Add);

/// <summary>How Fleet's processes talk to each other.</summary>
/// <param name="Provider">Its name in <c>Fleet:Transport:Provider</c>.</param>
/// <param name="ReachesOtherProcesses">False: its messages end in this process.</param>
/// <param name="Add">Registers the transport.</param>
public sealed record TransportChoice(string Provider, bool ReachesOtherProcesses, Action<IServiceCollection> Add);

/// <summary>Sets up Fleet in a program: <c>builder.AddFleet(fleet => …)</c>. What is set here wins over the configuration
/// (<c>Fleet:…</c>); what is set in neither has its default.</summary>
/// <param name="services">The services of the program.</param>
/// <param name="configuration">The configuration of the program.</param>
/// <param name="folder">The folder of the program's own files.</param>
public sealed class FleetBuilder(IServiceCollection services, IConfiguration configuration, string folder)
{
    private readonly List<Action> _last = [];

    /// <summary>The services of the program.</summary>
    public IServiceCollection Services => services;

    /// <summary>The configuration of the program.</summary>
    public IConfiguration Configuration => configuration;

    /// <summary>The folder of the program's own files; a SQLite file without a path of its own is created in it.</summary>
    public string Folder => folder;

    /// <summary>The chosen storage; null: as the configuration says.</summary>
    public StorageChoice? Storage { get; private set; }

    /// <summary>The chosen transport; null: as the configuration says.</summary>
    public TransportChoice? Transport { get; private set; }

    /// <summary>The chosen parts. <see cref="FleetPart.None"/>: the program runs jobs and leads.</summary>
    public FleetPart Parts { get; private set; }

    /// <summary>True if the program brings schedules in its code.</summary>
    public bool HasSchedules { get; private set; }

    /// <summary>True if the program does this part.</summary>
    public bool Does(FleetPart part) =>
        (Parts == FleetPart.None ? FleetPart.RunsJobs | FleetPart.Leads : Parts).HasFlag(part);

    /// <summary>Adds a part to what the program does.</summary>
    public FleetBuilder Do(FleetPart part)
    {
        Parts |= part;
        return this;
    }

    /// <summary>Only enqueues, reads and cancels runs (<see cref="IFleetClient"/>). Other programs run the jobs and lead.</summary>
    public FleetBuilder OnlyEnqueues() => Do(FleetPart.OnlyEnqueues);

    /// <summary>Adds jobs: <c>fleet.AddJobs(jobs => jobs.Add&lt;DailyReportJob&gt;())</c>.</summary>
    public FleetBuilder AddJobs(Action<JobsBuilder> configure)
    {
        services.AddFleetJobs(configure, configuration);
        return this;
    }

    /// <summary>Adds all jobs of the assembly that contains a type.</summary>
    /// <typeparam name="T">Any type of the assembly, such as <c>Program</c>.</typeparam>
    public FleetBuilder AddJobsFromAssemblyContaining<T>() => AddJobs(jobs => jobs.AddFrom(typeof(T).Assembly));

    /// <summary>Adds schedules: <c>fleet.AddSchedules(s => s.Cron("nightly", "0 3 * * *", new DailyReport()))</c>. They are stored when
    /// the program starts.</summary>
    /// <exception cref="InvalidOperationException">The type of the args has no <see cref="JobAttribute"/>.</exception>
    public FleetBuilder AddSchedules(Action<SchedulesBuilder> configure)
    {
        HasSchedules = true;
        services.AddFleetSchedules(configure);
        return this;
    }

    /// <summary>Sets whether the start creates or updates Fleet's tables. If not, the program refuses to start on an older schema, and
    /// <c>fleet db migrate</c> updates it. In configuration: <c>Fleet:Storage:MigrateAtStart</c>.</summary>
    public FleetBuilder MigratesAtStart(bool migrates = true)
    {
        services.PostConfigure<Core.Storage.StorageOptions>(storage => storage.MigrateAtStart = migrates);
        return this;
    }

    /// <summary>Limits the lanes of the fleet, because each becomes durable queues in the broker. In configuration:
    /// <c>Fleet:Transport:MaxLanes</c>.</summary>
    /// <param name="most">1–10,000. Default: 200.</param>
    public FleetBuilder LimitLanes(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, LaneOptions.MaxAllowed);
        services.AddSingleton(new LaneOptions { MaxLanes = most });
        return this;
    }

    /// <summary>Chooses the storage. Providers call it; the last call wins.</summary>
    public FleetBuilder UseStorage(StorageChoice storage)
    {
        Storage = storage;
        return this;
    }

    /// <summary>Chooses the transport. Providers call it; the last call wins.</summary>
    public FleetBuilder UseTransport(TransportChoice transport)
    {
        Transport = transport;
        return this;
    }

    /// <summary>Does something once everything is registered.</summary>
    public FleetBuilder Last(Action action)
    {
        _last.Add(action);
        return this;
    }

    /// <summary>Registers what was chosen.</summary>
    public void Complete()
    {
        Storage?.Add(services);
        Transport?.Add(services);
        foreach (var action in _last)
            action();
    }
}
