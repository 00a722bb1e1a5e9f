using System.Reflection;
using System.Reflection.Emit;
using Fleet.Core.Jobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Jobs;

/// <summary>Jobs that do not fit together stop the start, and the message names both sides.</summary>
public sealed class AddJobsTests
{
    private static readonly string Name = typeof(AddJobsTests).FullName!;

    [Fact]
    public void AddFrom_JobWithoutHandler_NamesJobTypeAndAssembly()
    {
        var assembly = new AssemblyOf("Shop.Jobs").WithJob("Shop.Ship", "shop.ship").WithJob("Shop.Pack", "shop.pack").Build();

        var refused = Refused(jobs => jobs.AddFrom(assembly));

        Assert.Equal(
            """
            The job 'shop.pack' (Shop.Pack in Shop.Jobs) has no handler here: nothing that was added implements IJob<Pack>.
            The job 'shop.ship' (Shop.Ship in Shop.Jobs) has no handler here: nothing that was added implements IJob<Ship>.
            Add the handler, or HandledElsewhere<TArgs>() for a job that other processes run.
            """,
            refused);
    }

    [Fact]
    public void AddFrom_JobHandledElsewhere_IsFine()
    {
        var builder = new AssemblyOf("Shop.Jobs").WithJob("Shop.Ship", "shop.ship");
        var assembly = builder.Build();

        var registry = Registry(jobs =>
        {
            jobs.AddFrom(assembly);
            typeof(JobsBuilder).GetMethod(nameof(JobsBuilder.HandledElsewhere))!
                .MakeGenericMethod(assembly.GetType("Shop.Ship")!).Invoke(jobs, []);
        });

        Assert.Empty(registry.All);
    }

    [Fact]
    public void Add_TwoJobsOfOneName_NamesBoth() => Assert.Equal(
        $"The job name 'test.one' is used twice: by {Name}+OneJob and by {Name}+OtherJob; names and aliases must be unique.",
        Refused(jobs => jobs.Add<OneJob>().Add<OtherJob>()));

    [Fact]
    public void Add_TwoHandlersOfOneJob_NamesBoth() => Assert.Equal(
        $"Two handlers are registered for {Name}+One: {Name}+OneJob and {Name}+SecondJob; allowed is one.",
        Refused(jobs => jobs.Add<OneJob>().Add<SecondJob>()));

    [Fact]
    public void Add_HandlerOfTwoJobs_NamesBoth() => Assert.Equal(
        $"{Name}+BothJob handles more than one job: {Name}+One, {Name}+Other; allowed is one job per class.",
        Refused(jobs => jobs.Add<BothJob>()));

    [Fact]
    public void Add_HandlerWithoutJob_NamesBoth() => Assert.Equal(
        $"{Name}+NamelessJob handles {Name}+Nameless, which has no [Job(\"name\")] attribute.",
        Refused(jobs => jobs.Add<NamelessJob>()));

    [Fact]
    public void Add_NoHandler_SaysWhatItLacks() => Assert.Equal(
        $"{Name}+One is no handler: it implements neither IJob<TArgs> nor IJob<TArgs, TResult>.", Refused(jobs => jobs.Add<One>()));

    [Fact]
    public void Add_HandlerWithTwoConstructors_SaysWhatIsAllowed() => Assert.Equal(
        $"The handler of job 'test.one', {Name}+TwoWaysJob, cannot be made: it has 2 public constructors; allowed is one, or one that is "
            + "marked with [ActivatorUtilitiesConstructor].",
        Refused(jobs => jobs.Add<TwoWaysJob>()));

    [Theory]
    [InlineData(typeof(NeedyModule), "cannot be made: it has no public constructor without parameters.")]
    [InlineData(typeof(FailingModule), "failed while it registered its services: The setting Shop:Uri is missing.")]
    public void AddFrom_ModuleThatCannotBeUsed_IsNamed(Type module, string problem) =>
        Assert.Equal(
            $"The module {module} {problem}", Refused(jobs => jobs.AddFrom(new OnlyType(module)), new ConfigurationBuilder().Build()));

    [Fact]
    public void AddFrom_ModuleWithoutConfiguration_SaysHowToPassIt() => Assert.Equal(
        $"The module {typeof(FailingModule)} needs the configuration of the process; pass it: "
            + "services.AddFleetJobs(jobs => …, configuration).",
        Refused(jobs => jobs.AddFrom(new OnlyType(typeof(FailingModule)))));

    [Fact]
    public void AddFrom_ModuleTwice_RegistersOnce()
    {
        var services = new ServiceCollection();

        services.AddFleetJobs(
            jobs => jobs.AddFrom(new OnlyType(typeof(GoodModule))).AddFrom(new OnlyType(typeof(GoodModule))),
            new ConfigurationBuilder().Build());

        Assert.Single(services, s => s.ServiceType == typeof(Uri));
    }

    private static string Refused(Action<JobsBuilder> jobs, IConfiguration? configuration = null) =>
        Assert.Throws<InvalidOperationException>(() => Registry(jobs, configuration)).Message.ReplaceLineEndings("\n");

    private static JobRegistry Registry(Action<JobsBuilder> jobs, IConfiguration? configuration = null)
    {
        using var services = new ServiceCollection().AddFleetJobs(jobs, configuration).AddSingleton<JobRegistry>().BuildServiceProvider();
        return services.GetRequiredService<JobRegistry>();
    }

    [Job("test.one")]
    private sealed record One;

    [Job("test.two", Aliases = ["test.one"])]
    private sealed record Other;

    private sealed record Nameless;

    private sealed class OneJob : IJob<One>
    {
        public Task RunAsync(One args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }

    private sealed class SecondJob : IJob<One>
    {
        public Task RunAsync(One args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }

    private sealed class OtherJob : IJob<Other>
    {
        public Task RunAsync(Other args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }

    private sealed class NamelessJob : IJob<Nameless>
    {
        public Task RunAsync(Nameless args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }

    private sealed class BothJob : IJob<One>, IJob<Other>
    {
        public Task RunAsync(One args, JobContext context, CancellationToken ct) => Task.CompletedTask;

        public Task RunAsync(Other args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }

    private sealed class TwoWaysJob : IJob<One>
    {
        public TwoWaysJob()
        {
        }

        public TwoWaysJob(Uri address) => Address = address;

        public Uri? Address { get; }

        public Task RunAsync(One args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }

    private sealed class GoodModule : IFleetModule
    {
        public void ConfigureServices(IServiceCollection services, IConfiguration configuration) =>
            services.AddSingleton(new Uri("http://shop"));
    }

    private sealed class NeedyModule(Uri address) : IFleetModule
    {
        public void ConfigureServices(IServiceCollection services, IConfiguration configuration) => services.AddSingleton(address);
    }

    private sealed class FailingModule : IFleetModule
    {
        public void ConfigureServices(IServiceCollection services, IConfiguration configuration) =>
            throw new InvalidOperationException("The setting Shop:Uri is missing.");
    }

    /// <summary>An assembly with one type in it.</summary>
    private sealed class OnlyType(Type type) : Assembly
    {
        public override Type[] GetTypes() => [type];
    }

    /// <summary>An assembly with args types, as a job library without handlers.</summary>
    private sealed class AssemblyOf(string name)
    {
        private readonly List<(string Type, string Job)> _jobs = [];

        public AssemblyOf WithJob(string type, string job)
        {
            _jobs.Add((type, job));
            return this;
        }

        public AssemblyBuilder Build()
        {
            var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(name), AssemblyBuilderAccess.RunAndCollect);
            var module = assembly.DefineDynamicModule(name);
            var attribute = typeof(JobAttribute).GetConstructor([typeof(string)])!;
            foreach (var (type, job) in _jobs)
            {
                var defined = module.DefineType(type, TypeAttributes.Public | TypeAttributes.Class);
                defined.SetCustomAttribute(new CustomAttributeBuilder(attribute, [job]));
                defined.CreateType();
            }

            return assembly;
        }
    }
}
