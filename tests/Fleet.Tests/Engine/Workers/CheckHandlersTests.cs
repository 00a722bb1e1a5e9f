using Fleet.Core.Jobs;
using Fleet.Engine.Workers;
using Fleet.Testing;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Engine.Workers;

/// <summary>Constructors that the container cannot fill stop the start, by name.</summary>
public sealed class CheckHandlersTests
{
    private static readonly string Name = typeof(CheckHandlersTests).FullName!;

    [Fact]
    public void Execute_ServiceMissing_NamesJobHandlerAndService()
    {
        var refused = Check(services => services.AddFleetJobs(jobs => jobs.Add<DirectJob>()));

        Assert.Equal(
            $"""
            The handler of job 'test.direct' cannot be made: {Name}+DirectJob needs {Name}+IStock, which nothing registers.
            Register what is missing with the services of this process, or in an IFleetModule of the assembly that the handler is in.
            """,
            refused);
    }

    [Fact]
    public void Execute_ServiceOfAServiceMissing_NamesTheWay()
    {
        var refused = Check(services => services.AddScoped<IStock, Stock>().AddFleetJobs(jobs => jobs.Add<DirectJob>()));

        Assert.StartsWith(
            $"The handler of job 'test.direct' cannot be made: {Name}+DirectJob needs {Name}+Stock needs {Name}+Database, which nothing "
                + "registers.",
            refused, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_OpenGenericNeedsMore_NamesIt() => Assert.Contains(
        $"{Name}+Store`1[{Name}+Direct] needs {Name}+Database, which nothing registers",
        Check(services => services.AddScoped(typeof(IStore<>), typeof(Store<>)).AddFleetJobs(jobs => jobs.Add<GenericJob>())),
        StringComparison.Ordinal);

    [Fact]
    public void Execute_KeyMissing_NamesTheKey() => Assert.Contains(
        $"needs {Name}+IStock with the key 'north', which nothing registers",
        Check(services => services.AddKeyedScoped<IStock, Stock>("south").AddFleetJobs(jobs => jobs.Add<KeyedJob>())),
        StringComparison.Ordinal);

    [Fact]
    public void Execute_MiddlewareMissesAService_NamesTheMiddleware() => Assert.Contains(
        $"The middleware {Name}+Around of job 'test.direct' cannot be made: {Name}+Around needs {Name}+Database, which nothing registers.",
        Check(services => services.AddSingleton<IStock>(
            new Stock(new Database("x"))).AddFleetJobs(jobs => jobs.Add<DirectJob>().Use<Around>())),
        StringComparison.Ordinal);

    [Fact]
    public void Execute_SeveralProblems_NamesThemAll()
    {
        var refused = Check(services => services.AddFleetJobs(jobs => jobs.Add<DirectJob>().Add<KeyedJob>()));

        Assert.Contains("'test.direct'", refused, StringComparison.Ordinal);
        Assert.Contains("'test.keyed'", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_WhatTheContainerBrings_IsThere() => Assert.Null(Check(services => services
        .AddLogging().AddOptions()
        .AddSingleton<IStock>(new Stock(new Database("x")))
        .AddKeyedSingleton<IStock>("north", new Stock(new Database("x")))
        .AddScoped(typeof(IStore<>), typeof(Store<>))
        .AddSingleton(new Database("x"))
        .AddScoped<Loose>()
        .AddFleetJobs(jobs => jobs.Add<DirectJob>().Add<KeyedJob>().Add<GenericJob>().Add<WideJob>())));

    [Fact]
    public async Task Start_EmbeddedFleet_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<FleetStartException>(
            () => EmbeddedFleet.StartAsync(services => services.AddFleetJobs(jobs => jobs.Add<DirectJob>())));

        Assert.Contains("The handler of job 'test.direct' cannot be made", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_VirtualFleet_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => VirtualFleet.StartAsync(
            DateTimeOffset.UnixEpoch, services => services.AddFleetJobs(jobs => jobs.Add<DirectJob>()),
            ct: TestContext.Current.CancellationToken));

        Assert.Contains("The handler of job 'test.direct' cannot be made", refused.Message, StringComparison.Ordinal);
    }

    private static string? Check(Action<IServiceCollection> configure)
    {
        var services = new ServiceCollection();
        configure(services);
        services.AddSingleton<JobRegistry>().AddSingleton(new RegisteredServices(services)).AddSingleton<FindMissingServices>()
            .AddSingleton<CheckHandlers>();
        using var provider = services.BuildServiceProvider();
        return Record.Exception(provider.GetRequiredService<CheckHandlers>().Execute) switch
        {
            null => null,
            InvalidOperationException e => e.Message.ReplaceLineEndings("\n"),
            var other => throw other,
        };
    }

    [Job("test.direct")]
    private sealed record Direct;

    [Job("test.keyed")]
    private sealed record Keyed;

    [Job("test.generic")]
    private sealed record Generic;

    [Job("test.wide")]
    private sealed record Wide;

    private interface IStock;

    private interface IStore<T>;

    private sealed record Database(string Name);

    private sealed class Stock(Database database) : IStock
    {
        public Database Database => database;
    }

    private sealed class Store<T>(Database database) : IStore<T>
    {
        public Database Database => database;
    }

    /// <summary>The container takes the constructor that it can fill.</summary>
    private sealed class Loose
    {
        public Loose(ILoggerFactory loggers) => Loggers = loggers;

        public Loose(ILoggerFactory loggers, Uri address)
            : this(loggers) => Address = address;

        public ILoggerFactory Loggers { get; }

        public Uri? Address { get; }
    }

    private sealed class DirectJob(IStock stock) : IJob<Direct>
    {
        public Task RunAsync(Direct args, JobContext context, CancellationToken ct) => Task.FromResult(stock);
    }

    private sealed class KeyedJob([FromKeyedServices("north")] IStock stock) : IJob<Keyed>
    {
        public Task RunAsync(Keyed args, JobContext context, CancellationToken ct) => Task.FromResult(stock);
    }

    private sealed class GenericJob(IStore<Direct> store) : IJob<Generic>
    {
        public Task RunAsync(Generic args, JobContext context, CancellationToken ct) => Task.FromResult(store);
    }

    private sealed class WideJob(
        IServiceProvider services, IServiceScopeFactory scopes, ILogger<WideJob> logger, IOptions<Database> options,
        IEnumerable<IStock> all, Loose loose, string name = "default") : IJob<Wide>
    {
        public Task RunAsync(Wide args, JobContext context, CancellationToken ct) =>
            Task.FromResult((services, scopes, logger, options, all, loose, name));
    }

    private sealed class Around(Database database) : IJobMiddleware
    {
        public Task InvokeAsync(JobInvocation invocation, JobStep next, CancellationToken ct) => Task.FromResult(database);
    }
}
