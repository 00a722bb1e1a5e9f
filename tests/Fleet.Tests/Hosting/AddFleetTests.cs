using Fleet.Client;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Engine.Execution;
using Fleet.Engine.Leader;
using Fleet.Engine.Workers;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Hosting;

/// <summary>Fleet inside a generic host.</summary>
public sealed class AddFleetTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AddFleet_NothingChosen_RunsAJobOnASchedule_InAFileBesideTheProgram()
    {
        var ran = new TaskCompletionSource();
        var builder = NewBuilder();
        builder.Services.AddSingleton(new Script(_ =>
        {
            ran.TrySetResult();
            return Task.CompletedTask;
        }));
        builder.AddFleet(fleet => fleet
            .AddJobsFromAssemblyContaining<WorkerOptions>().AddJobs(jobs => jobs.Add<ScriptedJob>())
            .AddSchedules(s => s.Every("often", "1s", new Scripted())));
        using var host = builder.Build();

        await host.StartAsync();

        await ran.Task.WaitAsync(Waiting.Limit);
        Assert.NotNull(host.Services.GetRequiredService<JobRegistry>().Find("diag.echo"));
        await host.StopAsync();
        Assert.True(File.Exists(Path.Combine(_folder.Path, ".fleet", "fleet.db")));
    }

    [Fact]
    public async Task OnlyEnqueues_ARunOfAnotherProgram_IsRunThere()
    {
        var runner = NewBuilder();
        runner.Services.AddSingleton(new Script(_ => Task.CompletedTask));
        runner.AddFleet(fleet => fleet.AddJobs(jobs => jobs.Add<ScriptedJob>()));
        using var runs = runner.Build();
        await runs.StartAsync();
        var caller = NewBuilder();
        caller.AddFleet(fleet => fleet.OnlyEnqueues());
        using var calls = caller.Build();
        await calls.StartAsync();

        var id = await calls.Services.GetRequiredService<IFleetClient>().EnqueueAsync(new Scripted());

        using var limit = new CancellationTokenSource(Waiting.Limit);
        Assert.Equal(RunState.Succeeded, (await calls.Services.GetRequiredService<IFleetClient>().WaitAsync(id, limit.Token))!.State);
        Assert.Null(calls.Services.GetService<WorkerService>());
        await calls.StopAsync();
        await runs.StopAsync();
    }

    [Fact]
    public async Task Code_WinsOverConfiguration_AndLeavesTheRestToIt()
    {
        var builder = NewBuilder(
            ("Fleet:Storage:Provider", "Sqlite"), ("Fleet:Storage:ConnectionString", "Data Source=other.db"),
            ("Fleet:Storage:Schema", "jobs"),
            ("Fleet:Transport:Provider", "InMemory"), ("Fleet:Transport:Uri", "amqp://other"),
            ("Fleet:Transport:ManagementUri", "http://other:15672"), ("Fleet:Transport:MaxLanes", "7"),
            ("Fleet:Worker:Drain", "00:00:05"), ("Fleet:Worker:Lease", "00:00:20"), ("Fleet:Worker:Retry:MaxAttempts", "9"),
            ("Fleet:Scheduler:LookAhead", "00:00:40"), ("Fleet:Scheduler:Poll", "00:00:02"));
        builder.AddFleet(fleet => fleet
            .UsePostgres("Host=code;Username=fleet;Database=fleet").UseRabbitMq("amqp://code").LimitLanes(8).MigratesAtStart(false)
            .RunsJobs(o => o.Drain = TimeSpan.FromSeconds(6), retry => retry.MaxAttempts = 3)
            .Leads(o => o.LookAhead = TimeSpan.FromSeconds(50)));
        await using var services = builder.Services.BuildServiceProvider();

        var storage = Options<StorageOptions>(services);
        Assert.Equal(
            ("Host=code;Username=fleet;Database=fleet", "jobs", false),
            (storage.ConnectionString, storage.Schema, storage.MigrateAtStart));
        Assert.Equal("Fleet.Storage.Postgres.PostgresStorage", services.GetRequiredService<IStorage>().GetType().FullName);
        var broker = services.GetRequiredService<RabbitMqSettings>();
        Assert.Equal(("code", 15672, 50), (broker.Host, broker.ManagementUri!.Port, (int)broker.LookAhead.TotalSeconds));
        Assert.True(services.GetRequiredService<ITransport>().ReachesOtherProcesses);
        Assert.Equal(8, services.GetRequiredService<LaneOptions>().MaxLanes);
        var worker = Options<WorkerOptions>(services);
        Assert.Equal((6, 20), ((int)worker.Drain.TotalSeconds, (int)worker.Lease.TotalSeconds));
        Assert.Equal(3, Options<RetryOptions>(services).MaxAttempts);
        var scheduler = Options<SchedulerOptions>(services);
        Assert.Equal((50, 2), ((int)scheduler.LookAhead.TotalSeconds, (int)scheduler.Poll.TotalSeconds));
    }

    [Fact]
    public void Code_ValueOutOfRange_StopsTheStart() => Assert.StartsWith(
        "Fleet:Worker:Drain: '1.00:00:00' is not allowed",
        AddedFleet.Refuse([], fleet => fleet.RunsJobs(o => o.Drain = TimeSpan.FromDays(1)).Leads()),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("Fleet:Storag:Provider", "Fleet:Storag is not a known setting; did you mean 'Storage'?")]
    [InlineData("Fleet:Storage:Providr", "Fleet:Storage:Providr is not a known setting; did you mean 'Provider'?")]
    [InlineData("Fleet:Worker:Drai", "Fleet:Worker:Drai is not a known setting; did you mean 'Drain'?")]
    [InlineData("Fleet:Scheduler:Pol", "Fleet:Scheduler:Pol is not a known setting; did you mean 'Poll'?")]
    [InlineData("Fleet:Client:Servr", "Fleet:Client:Servr is not a known setting; did you mean 'Server'?")]
    [InlineData("Fleet:Storage:MigrateAtStart", "Fleet:Storage:MigrateAtStart: 'x' is not allowed; allowed is true or false.")]
    public void Setting_Misspelt_IsNamed(string key, string error) => Assert.Equal(error, AddedFleet.Refuse([new(key, "x")]));

    [Fact]
    public void SettingsOfTheClient_BesideFleet_AreAllowed()
    {
        var settings = typeof(FleetClientOptions).GetProperties().Select(p => KeyValuePair.Create($"Fleet:Client:{p.Name}", (string?)"x"));

        Assert.Equal(4, settings.Count());
        Assert.Null(AddedFleet.Refuse(settings));
    }

    [Fact]
    public void AddFleet_Twice_IsRefused() => Assert.Equal(
        "AddFleet was called before; a program has one fleet.",
        Assert.Throws<FleetStartException>(() => NewBuilder().AddFleet().AddFleet()).Message);

    [Fact]
    public void OnlyEnqueues_WithAnotherPart_IsRefused() => Assert.Equal(
        "OnlyEnqueues goes with neither RunsJobs nor Leads: leave one of them out.",
        AddedFleet.Refuse([], fleet => fleet.OnlyEnqueues().Leads()));

    [Fact]
    public void AddSchedules_NobodyLeads_IsRefused() => Assert.StartsWith(
        "AddSchedules has no effect in a program that does not lead",
        AddedFleet.Refuse([], fleet => fleet.OnlyEnqueues().AddSchedules(s => s.Every("s", "1h", new Scripted()))),
        StringComparison.Ordinal);

    [Fact]
    public void OnePart_InMemory_IsRefused()
    {
        const string start = "Fleet:Transport:Provider: 'InMemory' reaches one process only, and this program does one part of the work.";
        Assert.StartsWith(start, AddedFleet.Refuse([], fleet => fleet.RunsJobs()), StringComparison.Ordinal);
        Assert.StartsWith(start, AddedFleet.Refuse([], fleet => fleet.Leads()), StringComparison.Ordinal);
        Assert.Null(AddedFleet.Refuse([], fleet => fleet.RunsJobs().Leads()));
    }

    private static T Options<T>(IServiceProvider services) where T : class => services.GetRequiredService<IOptions<T>>().Value;

    private HostApplicationBuilder NewBuilder(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.Services.AddLogging();
        return builder;
    }
}
